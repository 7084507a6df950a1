import { type Clock, sleep } from './clock.ts';

/**
 * A doorbell: many rings before the next wait count as one, and a ring while nobody waits is not lost.
 * After a ring was answered, the next one is answered `minGapMs` later at the earliest, so that a burst of events
 * costs two looks and not a hundred.
 */
export class Wakeup {
  readonly #clock: Clock;
  readonly #minGapMs: number;
  #rung = false;
  #answer: (() => void) | undefined;
  #answeredAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, minGapMs: number) {
    this.#clock = clock;
    this.#minGapMs = minGapMs;
  }

  readonly ring = (): void => {
    this.#rung = true;
    this.#answer?.();
  };

  /** Waits for a ring, for at most `ms`, or until `signal` aborts. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#rung) await this.#nextRing(ms, signal);
    const gap = this.#answeredAt + this.#minGapMs - this.#clock.elapsed();
    if (gap > 0) await sleep(this.#clock, gap, signal);
    this.#rung = false;
    this.#answeredAt = this.#clock.elapsed();
  }

  #nextRing(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        cancel();
        signal.removeEventListener('abort', done);
        this.#answer = undefined;
        resolve();
      };
      const cancel = this.#clock.after(ms, done);
      signal.addEventListener('abort', done, { once: true });
      this.#answer = done;
    });
  }
}
