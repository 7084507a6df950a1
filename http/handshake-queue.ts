import type { Socket } from 'node:net';
import type { Clock } from '../runtime/clock.ts';
import { FairQueue } from '../runtime/fair-queue.ts';
import { EachTurn } from './each-turn.ts';

/**
 * Node takes one connection a turn of the event loop from the kernel (libuv since 1.45), in the order in which they came.
 * So while more of them come, turns are kept short for so long: else who dials behind a thousand strangers would wait
 * for the handshakes of all of them.
 */
const LONGEST_TAKING_MS = 3;

interface Waiting {
  readonly socket: Socket;
  readonly begin: () => void;
}

/**
 * TLS handshakes begin one at a time, and each client's in turn: who dials a thousand times, and says hello on all of
 * these at once, waits for itself, not the API server for him.
 */
export class HandshakeQueue {
  readonly #clock: Clock;
  readonly #queue = new FairQueue<Waiting>();
  readonly #turns = new EachTurn(this.#queue, () => {
    if (!this.#isTaking()) this.#beginOne();
  });
  #cameSince = false;
  /** By the clock's `elapsed`. */
  #takingSince = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A connection was taken from the kernel. */
  took(): void {
    this.#cameSince = true;
  }

  /** There is something to begin with. */
  add(socket: Socket, begin: () => void): void {
    this.#queue.add(socket.remoteAddress ?? '', { socket, begin });
    if (this.#turns.start()) this.#takingSince = this.#clock.elapsed();
  }

  #isTaking(): boolean {
    const isTaking = this.#cameSince && this.#clock.elapsed() - this.#takingSince < LONGEST_TAKING_MS;
    this.#cameSince = false;
    return isTaking;
  }

  /** It takes one to two milliseconds of processor time: the event loop must come to other things before the next. */
  #beginOne(): void {
    let next = this.#queue.next();
    // Closed while it waited.
    while (next?.socket.destroyed === true) next = this.#queue.next();
    next?.begin();
    this.#takingSince = this.#clock.elapsed();
  }
}
