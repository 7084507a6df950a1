import { type Clock, sleep } from '../runtime/clock.ts';

/**
 * DNS writes have no compare-and-set, so a call that got stuck, ours or a stopped predecessor's, may arrive after
 * newer ones. When it has surely ended, the zone is read once more.
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

  /** A new leader does not know what its predecessor has under way. */
  noteLeadership(leadership: AbortSignal): void {
    if (this.#leadership === leadership) return;
    this.#leadership = leadership;
    this.expect(leadership);
  }

  /** A call of ours has ended without an answer. */
  expect(leadership: AbortSignal): void {
    this.#until = this.#clock.elapsed() + LATE_CALL_MS;
    void sleep(this.#clock, LATE_CALL_MS, leadership).then(() => {
      if (!leadership.aborted) this.#wake();
    });
  }

  /** Once, when the last one has surely ended. */
  takeEnded(): boolean {
    if (this.#until === undefined || this.#clock.elapsed() < this.#until) return false;
    this.#until = undefined;
    return true;
  }
}
