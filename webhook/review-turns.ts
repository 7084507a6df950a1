import { FairQueue } from '../http/fair-queue.ts';
import type { Clock } from '../runtime/clock.ts';

/** A review of a megabyte takes some 20 ms to parse, one of a usual pod, of a few kB, a fifth of a millisecond. */
const LARGE_BYTES = 100_000;
/** The API server gives up after 5 s by our own configuration. */
const LONGEST_YIELD_MS = 500;

/**
 * In which order reviews are answered that have come: one a turn of the event loop, each client's in turn, and large ones
 * when no small one waits, or after half a second. So neither who asks himself nor who creates large pods takes more from
 * others than the time for one.
 */
export class ReviewTurns {
  readonly #clock: Clock;
  readonly #small = new FairQueue<() => void>();
  readonly #large = new FairQueue<() => void>();
  #isScheduled = false;
  /** A large one had its turn, or the first came; by the clock's `elapsed`. */
  #largeAt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when it is this one's turn. */
  next(client: string, bytes: number): Promise<void> {
    return new Promise((resolve) => {
      const isLarge = bytes > LARGE_BYTES;
      if (isLarge && this.#large.isEmpty) this.#largeAt = this.#clock.elapsed();
      (isLarge ? this.#large : this.#small).add(client, resolve);
      if (!this.#isScheduled) this.#schedule();
    });
  }

  #schedule(): void {
    this.#isScheduled = true;
    setImmediate(() => {
      this.#serveOne();
      if (this.#small.isEmpty && this.#large.isEmpty) this.#isScheduled = false;
      else this.#schedule();
    });
  }

  #serveOne(): void {
    const now = this.#clock.elapsed();
    const isLargeDue = !this.#large.isEmpty && now - this.#largeAt > LONGEST_YIELD_MS;
    if (!this.#small.isEmpty && !isLargeDue) this.#small.next()?.();
    else {
      this.#largeAt = now;
      this.#large.next()?.();
    }
  }
}
