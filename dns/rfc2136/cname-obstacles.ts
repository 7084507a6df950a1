import type { Clock } from '../../runtime/clock.ts';
import { joined } from '../name-errors.ts';
import { cnameBeside } from '../obstacles.ts';
import type { DnsError } from '../provider.ts';
import type { OtherRecords } from '../records.ts';

/** A new attempt harms nobody, so it may come as soon as a person may have removed what was in the way. */
const KEPT_MS = 60_000;
/** Of a type that the server does not show. */
const NOT_SHOWN = 'other';

/** Names where the server took no CNAME, with what stands there: until they are tried again they count as read. */
export class CnameObstacles {
  readonly #clock: Clock;
  readonly #known = new Map<string, { readonly types: readonly string[]; readonly until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The error that says so; undefined where there are no `names`. */
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
