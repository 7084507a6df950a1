import type { Leadership } from '../../kubernetes/leadership.ts';
import { ANY_TTL, type RecordSet } from '../records.ts';
import { type KeptSets, keptBytes } from './kept-sets.ts';

/** The last known records of each name of a zone. */
export class LastShown {
  readonly #kept: KeptSets;
  readonly #sets = new Map<string, readonly RecordSet[]>();
  /** Names without a record in the last read. */
  #empty: ReadonlySet<string> = new Set();

  constructor(kept: KeptSets) {
    this.#kept = kept;
  }

  /** After a read of `names`. */
  note(names: readonly string[], sets: readonly RecordSet[]): void {
    const shown = Map.groupBy(sets, (set) => set.name);
    for (const [name, own] of shown) this.#sets.set(name, own);
    this.#empty = new Set(names.filter((name) => !shown.has(name)));
    this.#kept.release([...shown.keys()]);
  }

  /** Empty if none are known. `desired` gives the TTL if the provider decided it. */
  of(name: string, desired: readonly RecordSet[]): readonly RecordSet[] {
    const ttl = desired.find((set) => set.name === name)?.ttl ?? 60;
    const sets = this.#sets.get(name) ?? this.#kept.of(name);
    return sets.map((set) => (set.ttl === ANY_TTL ? { ...set, ttl } : set));
  }

  /** The former records of those of `names` that were empty in the last read. */
  lost(names: readonly string[], desired: readonly RecordSet[]): readonly RecordSet[] {
    return names.filter((name) => this.#empty.has(name)).flatMap((name) => this.of(name, desired));
  }

  /** Stores them for the next leader, before a write that may leave the names empty. Throws DnsError. */
  keep(names: readonly string[], desired: readonly RecordSet[], leadership: Leadership): Promise<void> {
    return this.#kept.keep(
      names.flatMap((name) => this.of(name, desired)),
      leadership,
    );
  }

  /** It was written and not read with a record since. */
  isKept(name: string): boolean {
    return this.#kept.of(name).length > 0;
  }

  bytesOf(name: string): number {
    return this.of(name, []).reduce((sum, set) => sum + keptBytes(set), 0);
  }

  /** The names have records again. */
  release(names: readonly string[]): void {
    this.#kept.release(names);
  }
}
