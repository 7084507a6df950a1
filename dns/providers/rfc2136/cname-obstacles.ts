import type { Clock } from '../../../runtime/clock.ts';
import type { DnsError } from '../../provider.ts';
import { joined } from '../../records/name-errors.ts';
import { cnameBeside } from '../../records/obstacles.ts';
import type { OtherRecords } from '../../records.ts';

/** Attempts are harmless, so the next may come as soon as a person may have removed the obstacle. */
const KEPT_MS = 60_000;
/** A type that the server does not show. */
const NOT_SHOWN = 'other';

/** Remembers names for which the server took no CNAME, with the records there, until the next attempt. */
export class CnameObstacles {
  readonly #clock: Clock;
  readonly #known = new Map<string, { readonly types: readonly string[]; readonly until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The error for `names`; undefined if there are none. */
  note(names: readonly string[], there: readonly OtherRecords[]): DnsError | undefined {
    const until = this.#clock.elapsed() + KEPT_MS;
    const errors = names.map((name) => {
      const shown = new Set(there.filter((other) => other.name === name).map(({ type }) => type));
      const types = shown.size > 0 ? [...shown] : [NOT_SHOWN];
      this.#known.set(name, { types, until });
      return cnameBeside(name, types);
    });
    return joined(errors);
  }

  at(names: readonly string[]): readonly OtherRecords[] {
    for (const [name, { until }] of this.#known) {
      if (this.#clock.elapsed() >= until) this.#known.delete(name);
    }
    return names.flatMap((name) => (this.#known.get(name)?.types ?? []).map((type) => ({ name, type })));
  }
}
