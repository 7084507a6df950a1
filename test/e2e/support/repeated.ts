/** Does something again and again, as tools do that keep a cluster as their source says, and notes what came of it. */

import { setTimeout as delay } from 'node:timers/promises';
import { explain } from '../../../runtime/explain.ts';
import { Background } from '../../support/background.ts';

export class Repeated extends Background {
  /** What was said each time; undefined: it was done. */
  readonly answers: { readonly at: number; readonly error?: string }[] = [];
  readonly #step: (round: number) => Promise<unknown>;
  readonly #periodMs: number;

  constructor(step: (round: number) => Promise<unknown>, periodMs: number) {
    super();
    this.#step = step;
    this.#periodMs = periodMs;
  }

  get refused(): readonly { readonly at: number; readonly error?: string }[] {
    return this.answers.filter(({ error }) => error !== undefined);
  }

  protected override async run(abort: AbortSignal): Promise<void> {
    for (let round = 1; !abort.aborted; round += 1) {
      const at = Date.now();
      try {
        await this.#step(round);
        this.answers.push({ at });
      } catch (error) {
        this.answers.push({ at, error: explain(error) });
      }
      await delay(this.#periodMs, undefined, { signal: abort }).catch(() => undefined); // Told to stop.
    }
  }
}
