import { setTimeout as delay } from 'node:timers/promises';
import { VirtualClock } from '../support/virtual-clock.ts';

/** So many seconds of the operators, the humans and the judges are one of the controllers, which are real. */
export const SPEED = 6;

const PAUSE_MS = 10;

/** A virtual clock that cannot be ahead of the real one. */
export class PacedClock extends VirtualClock {
  readonly #started = performance.now();

  override async step(limit: number): Promise<boolean> {
    const due = Math.min(limit, (performance.now() - this.#started) * SPEED);
    if (await super.step(due)) return true;
    if (due >= limit) return false;
    await delay(PAUSE_MS);
    return true;
  }
}
