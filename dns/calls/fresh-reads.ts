import type { Clock } from '../../runtime/clock.ts';

interface Read<T> {
  readonly at: number;
  readonly names: ReadonlySet<string>;
  readonly found: T;
}

/** How old the list that a plan was made from may be when it is written: what changes later is noticed by a read right before. */
const FRESH_MS = 2_000;

/** What a move was planned from, so that its write does not have to read it again. By zone. */
export class FreshReads<T> {
  readonly #clock: Clock;
  readonly #reads = new Map<string, Read<T>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `names`: those that it was of; none where any read is of the whole zone. */
  note(zone: string, names: Iterable<string>, found: T): void {
    for (const [other, read] of this.#reads) if (!this.#isFresh(read)) this.#reads.delete(other);
    this.#reads.set(zone, { at: this.#clock.elapsed(), names: new Set(names), found });
  }

  /** Once; undefined if it is too old, or was of other names. */
  take(zone: string, names: readonly string[]): T | undefined {
    const read = this.#reads.get(zone);
    this.#reads.delete(zone);
    const isIt = read !== undefined && this.#isFresh(read) && names.every((name) => read.names.has(name));
    return isIt ? read.found : undefined;
  }

  /** Another read is under way. */
  forget(zone: string): void {
    this.#reads.delete(zone);
  }

  #isFresh({ at }: Read<T>): boolean {
    return this.#clock.elapsed() - at <= FRESH_MS;
  }
}
