import { encodeStatus, type Status } from '../../../contract/status.ts';
import type { Clock } from '../../../runtime/clock.ts';

/** There may be hundreds of copies, and an operator that cannot make up its mind writes several times a second. */
const MIN_GAP_MS = 1_000;

/** When a status may go into the copies: one with another site at once, any other at most once a second. */
export class CopyPace {
  readonly #clock: Clock;
  #last: { readonly status: Status; readonly at: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds until `status` may be copied, and 0 when it is to be copied now. */
  admit(status: Status): number {
    const now = this.#clock.elapsed();
    if (this.#last !== undefined) {
      const { status: last, at } = this.#last;
      if (hasSameText(last, status)) return 0;
      const isUrgent = last.epoch !== status.epoch || last.activeSite !== status.activeSite;
      const left = at + MIN_GAP_MS - now;
      if (!isUrgent && left > 0) return left;
    }
    this.#last = { status, at: now };
    return 0;
  }
}

function hasSameText(one: Status, other: Status): boolean {
  return JSON.stringify(encodeStatus(one)) === JSON.stringify(encodeStatus(other));
}
