/** In the role of a Service: one address for several servers, of which only those that are ready get connections. */

import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Background } from './background.ts';
import { listenOnLoopback } from './loopback.ts';

export interface Backend {
  readonly port: number;
  /** Its readiness probe. */
  readonly readyUrl: string;
}

/** How often each probe is asked. A kubelet asks every second or more; a test has no time for that. */
const PROBE_MS = 50;
const PROBE_LIMIT_MS = 1_000;

/**
 * Unlike kube-proxy it tries another backend when one refuses: with it, a process that is killed costs no connection
 * beside those that are open.
 */
export class Balancer extends Background {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #backends: readonly Backend[] = [];
  #ready: readonly Backend[] = [];
  #turn = 0;

  /** Use startBalancer. */
  constructor(server: Server, port: number) {
    super();
    this.#server = server;
    this.port = port;
    server.on('connection', (client) => void this.#serve(client));
  }

  /** From now on connections go to these. Those that are open stay. */
  set backends(backends: readonly Backend[]) {
    this.#backends = backends;
  }

  get ready(): number {
    return this.#ready.length;
  }

  override async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all([super.stop(), new Promise((resolve) => this.#server.close(resolve))]);
  }

  protected override async run(abort: AbortSignal): Promise<void> {
    while (!abort.aborted) {
      const asked = this.#backends;
      const answers = await Promise.all(asked.map(isReady));
      this.#ready = asked.filter((_, index) => answers[index]);
      await delay(PROBE_MS, undefined, { signal: abort }).catch(() => undefined); // Stopped: the loop ends.
    }
  }

  async #serve(client: Socket): Promise<void> {
    this.#track(client);
    this.#turn += 1;
    const first = this.#turn % Math.max(1, this.#ready.length);
    for (const { port } of [...this.#ready.slice(first), ...this.#ready.slice(0, first)]) {
      const socket = await open(port);
      if (socket === undefined) continue;
      this.#track(socket);
      client.on('close', () => socket.destroy());
      socket.on('close', () => client.destroy());
      client.pipe(socket).pipe(client);
      return;
    }
    client.destroy();
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay();
    socket.on('error', () => socket.destroy()); // The other side sees it closed too.
    socket.on('close', () => this.#sockets.delete(socket));
  }
}

export async function startBalancer(): Promise<Balancer> {
  const server = createServer();
  return new Balancer(server, await listenOnLoopback(server));
}

async function isReady({ readyUrl }: Backend): Promise<boolean> {
  try {
    return (await fetch(readyUrl, { signal: AbortSignal.timeout(PROBE_LIMIT_MS) })).ok;
  } catch {
    return false; // Not there, or stuck: not ready, as the kubelet sees it.
  }
}

function open(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}
