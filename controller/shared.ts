import { aborted } from '../runtime/clock.ts';

export interface Run<L> {
  /** Never rejects. */
  readonly ended: Promise<void>;
  /** Tells a listener what the others know already. */
  readonly join: (listener: L) => void;
}

export interface SharedOptions<L> {
  /** Runs until `stop` fires. Called again when somebody listens after that. */
  readonly begin: (stop: AbortSignal) => Run<L>;
  readonly onThrow: (error: unknown) => void;
}

/** Something that runs once for all who listen to it, as long as any of them does: there are up to 16 followers. */
export class Shared<L> {
  readonly #options: SharedOptions<L>;
  readonly #listeners = new Set<L>();
  #current: { readonly stop: AbortController; readonly run: Run<L> } | undefined;

  constructor(options: SharedOptions<L>) {
    this.#options = options;
  }

  get listeners(): Iterable<L> {
    return this.#listeners;
  }

  /** Tells `listener` until `abort` fires. */
  async listen(listener: L, abort: AbortSignal): Promise<void> {
    if (abort.aborted) return;
    this.#listeners.add(listener);
    this.#current ??= this.#begin();
    const { stop, run } = this.#current;
    run.join(listener);
    await aborted(abort);
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    this.#current = undefined;
    stop.abort();
    await run.ended;
  }

  /** A defect in one follower is nothing of the others. */
  tell(news: (listener: L) => void): void {
    for (const listener of this.#listeners) {
      try {
        news(listener);
      } catch (error) {
        this.#options.onThrow(error);
      }
    }
  }

  #begin() {
    const stop = new AbortController();
    return { stop, run: this.#options.begin(stop.signal) };
  }
}
