import { ANY_TTL, type RecordSet } from './records.ts';

/** The records that each name of a zone had when it last had any. */
export class LastShown {
  readonly #sets = new Map<string, readonly RecordSet[]>();

  note(sets: readonly RecordSet[]): void {
    for (const [name, own] of Map.groupBy(sets, (set) => set.name)) this.#sets.set(name, own);
  }

  /** None when it is not known that it had any. `desired` gives the TTL where the provider decided it. */
  of(name: string, desired: readonly RecordSet[]): readonly RecordSet[] {
    const ttl = desired.find((set) => set.name === name)?.ttl ?? 60;
    return (this.#sets.get(name) ?? []).map((set) => (set.ttl === ANY_TTL ? { ...set, ttl } : set));
  }
}
