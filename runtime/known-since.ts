import type { Clock } from './clock.ts';

/**
 * How long things have been known to this process, on its own monotonic clock. What another replica wrote down as a time
 * may be minutes off, so a deadline that outlives a leader starts again with the next one: late, but never early.
 */
export class KnownSince {
  readonly #clock: Clock;
  #since: ReadonlyMap<string, number> = new Map();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** These things there are now; all others are forgotten. */
  keep(keys: readonly string[]): void {
    const now = this.#clock.elapsed();
    this.#since = new Map(keys.map((key) => [key, this.#since.get(key) ?? now]));
  }

  /** Milliseconds; 0 of what is not known. */
  ms(key: string): number {
    const now = this.#clock.elapsed();
    return now - (this.#since.get(key) ?? now);
  }
}
