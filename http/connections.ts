import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

interface Connection {
  /** Of TLS its secured side, as soon as there is one. */
  socket: Socket;
  readonly address: string;
  readonly port: number;
  /** Requests that have come and whose answers are not out. */
  pending: number;
  /** To the last request. */
  response?: ServerResponse;
  /** The last request came in what is parsed at this moment. */
  isParsing: boolean;
}

/** Of one client; the first one has been silent for the longest time. */
type Peer = Set<Connection>;

/**
 * Which connections of a server stay when there are too many. Never the newest has to go, so the way in is never full:
 * a kubelet that is kept out would end the pod, an API server that is kept out would refuse pods. Of the client with the
 * most connections the one that has been silent for the longest time is closed: a client with many loses one of its own.
 */
export class Connections {
  readonly #max: number;
  readonly #peers = new Map<string, Peer>();
  readonly #ofSocket = new WeakMap<Socket, Connection>();
  #size = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#size;
  }

  add(socket: Socket): void {
    const { remoteAddress: address = '', remotePort: port = 0 } = socket;
    if (port === 0) {
      // Gone before it was looked at.
      socket.destroy();
      return;
    }
    const connection: Connection = {
      socket,
      address,
      port,
      pending: 0,
      isParsing: false,
    };
    const peer = this.#peers.get(address) ?? new Set<Connection>();
    this.#peers.set(address, peer);
    peer.add(connection);
    this.#ofSocket.set(socket, connection);
    this.#size += 1;
    socket.on('close', () => this.#remove(connection));
    if (this.#size > this.#max) this.#endOne(connection);
  }

  /** `secured` is the TLS side of a connection that was added. */
  secure(secured: Socket): void {
    const { remoteAddress = '', remotePort } = secured;
    // One that has the same port and is not yet known to be gone came before it.
    const connection = [...(this.#peers.get(remoteAddress) ?? [])].findLast(
      ({ port }) => port === remotePort,
    );
    if (connection === undefined) secured.destroy();
    else {
      connection.socket = secured;
      this.#ofSocket.set(secured, connection);
    }
  }

  /**
   * A request has come. How many answers it is behind: 0, 1, or more when it is pipelined, which is that it came before the
   * client can have read the last answer.
   */
  begin(socket: Socket): number {
    const connection = this.#ofSocket.get(socket);
    if (connection === undefined) return 0;
    const { isParsing, pending, response } = connection;
    // Of one answer Node may not have told yet that it is out, when the client has it and asks again: over TLS that comes
    // a turn of the event loop later. Of more than one, they pile up.
    const isPipelined = isParsing || (pending > 0 && !response?.writableEnded);
    connection.isParsing = true;
    // Runs when all that one read has brought is parsed.
    process.nextTick(() => {
      connection.isParsing = false;
    });
    connection.pending += 1;
    this.#moved(connection);
    return isPipelined ? 2 : pending;
  }

  /** By `response` the last request is answered. */
  answer(socket: Socket, response: ServerResponse): void {
    const connection = this.#ofSocket.get(socket);
    if (connection === undefined) return;
    connection.response = response;
    response.on('finish', () => {
      connection.pending -= 1;
      this.#moved(connection);
    });
  }

  /** It is not silent: behind all others of its client. */
  #moved(connection: Connection): void {
    const peer = this.#peers.get(connection.address);
    if (peer?.delete(connection)) peer.add(connection);
  }

  endAll(): void {
    for (const peer of this.#peers.values()) for (const { socket } of peer) socket.destroy();
  }

  #endOne(newest: Connection): void {
    let victim: Connection | undefined;
    let highest = 0;
    for (const peer of this.#peers.values()) {
      for (const connection of peer) {
        if (connection === newest) continue;
        // Any silent one before all that are answered; one whose body does not come is silent, too.
        const isSilent = connection.pending === 0 || connection.response?.req.complete === false;
        const rank = peer.size + (isSilent ? this.#size : 0);
        if (rank > highest) [highest, victim] = [rank, connection];
        if (isSilent) break;
      }
    }
    if (victim === undefined) return;
    // Its own event comes later, and until then it would be ended again and again.
    this.#remove(victim);
    victim.socket.destroy();
  }

  #remove(connection: Connection): void {
    const { address } = connection;
    const peer = this.#peers.get(address);
    if (!peer?.delete(connection)) return;
    if (peer.size === 0) this.#peers.delete(address);
    this.#size -= 1;
  }
}
