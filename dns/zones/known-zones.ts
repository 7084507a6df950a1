import { hostInZone } from '../zones.ts';

export interface ZoneKey {
  readonly name: string;
  /** Of the provider. */
  readonly id: string;
}

/** The zones of a provider by name. */
export class KnownZones<Z> {
  readonly #keyOf: (zone: Z) => ZoneKey;
  readonly #zones = new Map<string, Z>();

  constructor(keyOf: (zone: Z) => ZoneKey) {
    this.#keyOf = keyOf;
  }

  get(name: string): Z | undefined {
    return this.#zones.get(name);
  }

  set(name: string, zone: Z): void {
    this.#zones.set(name, zone);
  }

  /** It may have been created again with another id. */
  forget(name: string): void {
    this.#zones.delete(name);
  }

  /** `zones`: all at and below `top`. Of several with the same name the known one stays. */
  setAll(top: string, zones: readonly Z[]): void {
    const byName = Map.groupBy(zones, (zone) => this.#keyOf(zone).name);
    const names = [...this.#zones.keys()].filter((name) => hostInZone(name, top) !== undefined);
    for (const name of new Set([...names, ...byName.keys()])) {
      const own = byName.get(name) ?? [];
      const known = this.#zones.get(name);
      const id = known && this.#keyOf(known).id;
      const zone = own.length > 1 ? own.find((each) => this.#keyOf(each).id === id) : own[0];
      if (zone === undefined) this.#zones.delete(name);
      else this.#zones.set(name, zone);
    }
  }
}
