import { FairQueue } from '../http/fair-queue.ts';
import type { Clock } from '../runtime/clock.ts';

/** A review of a megabyte takes some 20 ms to parse, one of a usual pod, of a few kB, a tenth of a millisecond. */
const LARGE_BYTES = 100_000;
/** The API server gives up after 5 s by our own configuration. */
const LONGEST_YIELD_MS = 500;
/** Of reviews in one turn of the event loop: a look at the sockets between any two would cost as much as they do. */
const TURN_MS = 1;

type Work = () => void;

/**
 * In which order reviews are answered that have come: for a millisecond in each turn of the event loop, each client's in
 * turn, and large ones when no small one waits, or after half a second. So neither who asks himself nor who creates large
 * pods takes more from others than the time for one.
 */
export class ReviewTurns {
  readonly #clock: Clock;
  readonly #small = new FairQueue<Work>();
  readonly #large = new FairQueue<Work>();
  #isScheduled = false;
  /** A large one had its turn, or the first came; by the clock's `elapsed`. */
  #largeAt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `work` is called when it is its turn; it must not throw. */
  add(client: string, bytes: number, work: Work): void {
    const isLarge = bytes > LARGE_BYTES;
    if (isLarge && this.#large.isEmpty) this.#largeAt = this.#clock.elapsed();
    (isLarge ? this.#large : this.#small).add(client, work);
    if (!this.#isScheduled) this.#schedule();
  }

  #schedule(): void {
    this.#isScheduled = true;
    setImmediate(() => {
      const began = this.#clock.elapsed();
      try {
        do this.#serveOne();
        while (!this.#isIdle && this.#clock.elapsed() - began < TURN_MS);
      } finally {
        // Whatever one has thrown, the others have their turn.
        this.#isScheduled = false;
        if (!this.#isIdle) this.#schedule();
      }
    });
  }

  get #isIdle(): boolean {
    return this.#small.isEmpty && this.#large.isEmpty;
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
