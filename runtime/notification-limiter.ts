import type { Clock } from './clock.ts';
import { type Rate, TokenBucket } from './token-bucket.ts';

/** Passes on the notifications of one source, no more than a rate allows: those beyond come later, as one. */
export class NotificationLimiter {
  readonly #clock: Clock;
  readonly #bucket: TokenBucket;
  readonly #pass: () => void;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, rate: Rate, pass: () => void) {
    this.#clock = clock;
    this.#bucket = new TokenBucket(rate, clock.elapsed());
    this.#pass = pass;
  }

  readonly notify = (): void => {
    if (this.#cancel !== undefined) return;
    const waitMs = this.#bucket.charge(1, this.#clock.elapsed());
    if (waitMs === 0) {
      this.#pass();
      return;
    }
    this.#cancel = this.#clock.after(waitMs, () => {
      this.#cancel = undefined;
      this.#pass();
    });
  };

  /** What still waits is not passed on. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
