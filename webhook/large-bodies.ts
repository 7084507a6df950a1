import type { Readable } from 'node:stream';
import { FairQueue } from '../http/fair-queue.ts';
import type { Clock } from '../runtime/clock.ts';

const AT_ONCE = 2;
/** A body of the API server's comes in some milliseconds. Whoever takes longer is still read, but holds up nobody. */
const LONGEST_HOLD_MS = 250;

/** Begins to read a body, and resolves when nothing is left to do with it; never rejects. */
type Read = () => Promise<void>;

interface Waiting {
  readonly request: Readable;
  readonly read: Read;
}

/**
 * Large bodies are read and reviewed two at a time, each client's in turn. What is not read stays with the kernel and its
 * sender: the event loop would otherwise decrypt all that a hundred connections bring in one turn, which no other review
 * could come between.
 */
export class LargeBodies {
  readonly #clock: Clock;
  readonly #queue = new FairQueue<Waiting>();
  #reading = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(client: string, request: Readable, read: Read): void {
    this.#queue.add(client, { request, read });
    this.#begin();
  }

  #begin(): void {
    while (this.#reading < AT_ONCE && !this.#queue.isEmpty) {
      const next = this.#queue.next();
      // Gone while it waited.
      if (next === undefined || next.request.destroyed) continue;
      this.#reading += 1;
      void next.read().then(this.#hold());
    }
  }

  #hold(): () => void {
    let isHeld = true;
    const release = () => {
      if (!isHeld) return;
      isHeld = false;
      cancel();
      this.#reading -= 1;
      this.#begin();
    };
    const cancel = this.#clock.after(LONGEST_HOLD_MS, release);
    return release;
  }
}
