/** The way of one place to the name server: a TCP proxy that sees what is asked and answered, and can be cut. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from '../support/ports.ts';

/** hang: nothing gets through. refuse: each connection is closed at once. mute: requests arrive, and no answer comes. */
export type GateFault = 'hang' | 'refuse' | 'mute';

export interface GatePorts {
  /** From which the name server is asked, so that its log tells the places apart. */
  readonly localAddress: string;
  readonly serverPort: number;
  /** An update passes that changes something; by the address of the connection, as the name server sees it. */
  onUpdate(from: string): void;
  /** An answer passes. */
  onAnswer(text: string): void;
}

/** Of RFC 2136, section 2.2. */
const UPDATE = 5;

export class DnsGate {
  readonly port: number;
  fault: GateFault | undefined;
  readonly #ports: GatePorts;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(port: number, ports: GatePorts) {
    this.port = port;
    this.#ports = ports;
    this.#server = createServer((client) => void this.#pass(client));
  }

  static async open(ports: GatePorts): Promise<DnsGate> {
    const gate = new DnsGate(await freePort(), ports);
    gate.#server.listen(gate.port, '127.0.0.1');
    await once(gate.#server, 'listening');
    return gate;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #pass(client: Socket): Promise<void> {
    this.#keep(client);
    if (this.fault === 'refuse') {
      client.destroy();
      return;
    }
    const { localAddress, serverPort } = this.#ports;
    const server = connect({ host: '127.0.0.1', port: serverPort, localAddress });
    this.#keep(server);
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
    client.on('data', (chunk) => {
      if (this.fault === 'hang') return;
      const pass = () => {
        if (isUpdate(chunk)) this.#ports.onUpdate(`${localAddress}#${server.localPort}`);
        server.write(chunk);
      };
      if (server.connecting) server.once('connect', pass);
      else pass();
    });
    server.on('data', (chunk) => {
      if (this.fault !== undefined) return;
      this.#ports.onAnswer(chunk.toString('latin1'));
      client.write(chunk);
    });
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    // The other side of a connection is closed with it.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
  }
}

/** Requests are small: each is one chunk, after its length in two bytes. One that only compares is none. */
function isUpdate(chunk: Buffer): boolean {
  if (chunk.length < 14) return false;
  return ((chunk[4] ?? 0) >> 3) % 16 === UPDATE && chunk.readUInt16BE(10) > 0;
}
