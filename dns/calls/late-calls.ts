import { type Clock, sleep } from '../../runtime/clock.ts';

/**
 * DNS writes have no compare-and-set, so a delayed call, ours or of a former leader, may arrive after newer ones. Once it
 * has certainly ended, the zone is read again.
 */
const LATE_CALL_MS = 45_000;

export class LateCalls {
  readonly #clock: Clock;
  readonly #wake: () => void;
  #until: number | undefined;
  #leadership: AbortSignal | undefined;

  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /** A new leader does not know the calls of its predecessor. */
  noteLeadership(leadership: AbortSignal): void {
    if (this.#leadership === leadership) return;
    this.#leadership = leadership;
    this.expect(leadership);
  }

  /** After a call without an answer. */
  expect(leadership: AbortSignal): void {
    this.#until = this.#clock.elapsed() + LATE_CALL_MS;
    void sleep(this.#clock, LATE_CALL_MS, leadership).then(() => {
      if (!leadership.aborted) this.#wake();
    });
  }

  /** True once, when the last one has certainly ended. */
  takeEnded(): boolean {
    if (this.#until === undefined || this.#clock.elapsed() < this.#until) return false;
    this.#until = undefined;
    return true;
  }
}
