import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { largestGroup } from './largest-group.ts';

interface Connection {
  /** Of TLS its secured side, as soon as there is one. */
  socket: Socket;
  /** Requests that have come and whose answers are not out. */
  pending: number;
  /** To the last request. */
  response?: ServerResponse;
  /** The last request came in what is parsed at this moment. */
  isParsing: boolean;
  /** It has had an answer. */
  isKnown: boolean;
}

/** A kubelet has some at a time, for its probes: with so few none has more than others. */
const FEW = 8;

/**
 * Which connections of a server stay when there are too many. Never the newest has to go, so the way in is never full: a kubelet
 * that is kept out would end the pod, an API server that is kept out would refuse pods. One goes of those that have never had an
 * answer or of those that are silent since, whichever are more, so that strangers lose their own, however many addresses they
 * have. Of these it is of the network with the most, in it of the client with the most, and has been silent for the longest time.
 */
export class Connections {
  readonly #max: number;
  /** The one that has been silent for the longest time is the first. */
  readonly #all = new Set<Connection>();
  readonly #ofSocket = new WeakMap<Socket, Connection>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#all.size;
  }

  add(socket: Socket): void {
    if (socket.remotePort === undefined) {
      // Gone before it was looked at.
      socket.destroy();
      return;
    }
    const connection: Connection = { socket, pending: 0, isParsing: false, isKnown: false };
    if (this.size >= this.#max) this.#endOne();
    this.#all.add(connection);
    this.#ofSocket.set(socket, connection);
    socket.on('close', () => this.#all.delete(connection));
  }

  /** `secured` is the TLS side of a connection that was added. */
  secure(secured: Socket): void {
    const { remoteAddress, remotePort } = secured;
    // One that has the same port and is not yet known to be gone came before it.
    const connection = [...this.#all].findLast(
      ({ socket }) => socket.remotePort === remotePort && socket.remoteAddress === remoteAddress,
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
      connection.isKnown = true;
      this.#moved(connection);
    });
  }

  /** It is not silent: behind all others. */
  #moved(connection: Connection): void {
    if (this.#all.delete(connection)) this.#all.add(connection);
  }

  endAll(): void {
    for (const { socket } of this.#all) socket.destroy();
  }

  #endOne(): void {
    const idle = [...this.#all].filter(isIdle);
    const most = largestGroup(idle.length > 0 ? idle : this.#all, ({ isKnown }) => isKnown);
    const network = largestGroup(most, networkOf);
    const client = largestGroup(network, ({ socket }) => socket.remoteAddress);
    const [victim] = client.length > FEW ? client : network;
    if (victim === undefined) return;
    // Its own event comes later, and until then it would be ended again and again.
    this.#all.delete(victim);
    victim.socket.destroy();
  }
}

/** One whose body does not come is idle, too. */
function isIdle({ pending, response }: Connection): boolean {
  return pending === 0 || response?.req.complete === false;
}

/** The /24 or /64: a node's pods have addresses of one, and whoever has many addresses has them of few. */
function networkOf({ socket }: Connection): string {
  return /^(?:.*\.|(?:[^:]*:){0,4})/.exec(socket.remoteAddress ?? '')?.[0] ?? '';
}
