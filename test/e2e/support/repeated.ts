/** Does something again and again, as tools do that keep a cluster as their source says, and notes what came of it. */
import { setTimeout as delay } from 'node:timers/promises';
import { explain } from '../../../runtime/explain.ts';

export class Repeated {
  /** What was said each time; undefined: it was done. */
  readonly answers: { readonly at: number; readonly error?: string }[] = [];
  readonly #step: (round: number) => Promise<unknown>;
  readonly #periodMs: number;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(step: (round: number) => Promise<unknown>, periodMs: number) {
    this.#step = step;
    this.#periodMs = periodMs;
    this.#running = this.#run();
  }

  get refused(): readonly { readonly at: number; readonly error?: string }[] {
    return this.answers.filter(({ error }) => error !== undefined);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal: abort } = this.#stop;
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
