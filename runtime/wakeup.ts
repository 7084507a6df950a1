import { type Clock, sleep } from './clock.ts';

/**
 * Many notifications before the next wait count as one, and one while nobody waits is not lost.
 * After one was answered, the next is answered `minGapMs` later at the earliest, so that a burst of events
 * costs two reconciles and not a hundred.
 */
export class Wakeup {
  readonly #clock: Clock;
  readonly #minGapMs: number;
  #notified = false;
  #answer: (() => void) | undefined;
  #answeredAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, minGapMs: number) {
    this.#clock = clock;
    this.#minGapMs = minGapMs;
  }

  readonly notify = (): void => {
    this.#notified = true;
    this.#answer?.();
  };

  /** Waits for a notification, for at most `ms`, or until `abort` fires. */
  async wait(ms: number, abort: AbortSignal): Promise<void> {
    if (!this.#notified) await this.#nextNotification(ms, abort);
    const gap = this.#answeredAt + this.#minGapMs - this.#clock.elapsed();
    if (gap > 0) await sleep(this.#clock, gap, abort);
    this.#notified = false;
    this.#answeredAt = this.#clock.elapsed();
  }

  #nextNotification(ms: number, abort: AbortSignal): Promise<void> {
    if (abort.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        cancel();
        abort.removeEventListener('abort', done);
        this.#answer = undefined;
        resolve();
      };
      const cancel = this.#clock.after(ms, done);
      abort.addEventListener('abort', done, { once: true });
      this.#answer = done;
    });
  }
}
