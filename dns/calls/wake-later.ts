import { type Clock, sleep } from '../../runtime/clock.ts';

/** Wakes once, however often it is asked to until then. */
export class WakeLater {
  readonly #clock: Clock;
  readonly #wake: () => void;
  #isAsked = false;

  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /** Unless `abort` fires before. */
  after(ms: number, abort: AbortSignal): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    void sleep(this.#clock, ms, abort).then(() => {
      this.#isAsked = false;
      if (!abort.aborted) this.#wake();
    });
  }
}
