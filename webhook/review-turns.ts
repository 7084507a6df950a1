import { FairQueue } from '../http/fair-queue.ts';
import type { Clock } from '../kubernetes/clock.ts';

/** A review of a megabyte takes some 20 ms to parse, one of a usual pod a fifth of a millisecond. */
const BYTES_PER_MS = 1_000;
/** The API server gives up after 5 s by our own configuration. */
const LONGEST_YIELD_MS = 1_000;

/**
 * In which order reviews are answered that have come: one a turn of the event loop, each client's in turn, and of one
 * client, such as the API server, a small one before a large one that came up to a second earlier. So neither who asks
 * himself nor who creates large pods takes more from others than the time for one.
 */
export class ReviewTurns {
  readonly #clock: Clock;
  readonly #queue = new FairQueue<() => void>();
  #isScheduled = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when it is this one's turn. */
  next(client: string, bytes: number): Promise<void> {
    const yieldMs = Math.min(bytes / BYTES_PER_MS, LONGEST_YIELD_MS);
    return new Promise((resolve) => {
      this.#queue.add(client, resolve, this.#clock.elapsed() + yieldMs);
      if (!this.#isScheduled) this.#schedule();
    });
  }

  #schedule(): void {
    this.#isScheduled = true;
    setImmediate(() => {
      this.#queue.next()?.();
      if (this.#queue.isEmpty) this.#isScheduled = false;
      else this.#schedule();
    });
  }
}
