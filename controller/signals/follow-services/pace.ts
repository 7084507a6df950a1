import { type Clock, sleep } from '../../../runtime/clock.ts';

/** About a millisecond. */
const MOST_STEPS = 50_000;

/** Lets everything else have its turn after so many steps of work that somebody else may make as long as he likes. */
export class Pace {
  readonly #clock: Clock;
  #steps = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async after(steps: number, abort: AbortSignal): Promise<void> {
    this.#steps += steps;
    if (this.#steps < MOST_STEPS) return;
    this.#steps = 0;
    await sleep(this.#clock, 0, abort);
  }
}
