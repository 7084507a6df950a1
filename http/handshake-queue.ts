import type { Socket } from 'node:net';

/** A handshake takes one to two milliseconds of processor time: the event loop must come to other things in between. */
const PER_TURN = 4;

interface Waiting {
  readonly socket: Socket;
  readonly begin: () => void;
}

/**
 * TLS handshakes begin a few at a time, and each client's in turn: who dials a thousand times waits for itself, not the
 * API server for him.
 */
export class HandshakeQueue {
  /** By the client's address; the first one is the next to be served. */
  readonly #clients = new Map<string, Waiting[]>();
  #isScheduled = false;

  add(socket: Socket, begin: () => void): void {
    const { remoteAddress = '' } = socket;
    const waiting = this.#clients.get(remoteAddress) ?? [];
    this.#clients.set(remoteAddress, waiting);
    waiting.push({ socket, begin });
    socket.on('error', () => socket.destroy());
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#clients.size === 0) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      for (let begun = 0; begun < PER_TURN && this.#clients.size > 0; begun += 1) this.#beginOne();
      this.#schedule();
    });
  }

  #beginOne(): void {
    for (const [address, waiting] of this.#clients) {
      this.#clients.delete(address);
      const next = firstOpen(waiting);
      // Behind all others.
      if (waiting.length > 0) this.#clients.set(address, waiting);
      if (next === undefined) continue;
      next.begin();
      return;
    }
  }
}

/** Those that were closed while they waited are dropped. */
function firstOpen(waiting: Waiting[]): Waiting | undefined {
  for (;;) {
    const next = waiting.shift();
    if (next === undefined || !next.socket.destroyed) return next;
  }
}
