import { cut } from '../../kubernetes/cut.ts';
import { type Clock, timestamp } from '../../runtime/clock.ts';
import { explain } from '../../runtime/explain.ts';
import { sameValues, setAt } from '../plan.ts';
import { DnsError } from '../provider.ts';
import type { Hidden } from '../records/authoritative.ts';
import type { RecordSet, RecordType } from '../records.ts';

/** What to do about {@link RecordStatus.unfollowed}. */
export const UNFOLLOWED_ACTION = 'Give each site an "ip" and an "ipv6", or remove that record.';

/** Times are RFC 3339. In the report ConfigMap and the API as it is here. */
export interface RecordStatus {
  /** Name of the record set; its provider's unless it has one of its own. */
  readonly provider?: string;
  readonly zone: string;
  readonly name: string;
  readonly type: RecordType;
  readonly wanted: readonly string[];
  /** What the provider last showed or accepted, and since when. Absent: unknown, or no such record. */
  readonly accepted?: Sighting;
  /** What the authoritative name servers answered. Absent: not asked yet. */
  readonly seen?: Sighting & {
    /** Those that answered. */
    readonly servers: readonly string[];
    readonly silent: readonly string[];
    /** The answer is the provider's own, as its name servers answer with other addresses. */
    readonly hidden?: Hidden;
  };
  /** Addresses of the other family at the name, such as `AAAA 2001:db8::5`, which follow no site. */
  readonly unfollowed?: readonly string[] | undefined;
  /** Absent while all is well. */
  readonly error?: RecordError | undefined;
}

export interface Sighting {
  readonly values: readonly string[];
  readonly at: string;
}

export interface RecordError {
  /** The provider's own words. */
  readonly text: string;
  readonly code: string;
  readonly kind: string;
  /** For the user. */
  readonly action: string;
  readonly since: string;
}

export type Seen = Omit<NonNullable<RecordStatus['seen']>, 'at'>;

/** Keeps the status of all records, and calls `report` when one changes. */
export class RecordStatuses {
  readonly #clock: Clock;
  readonly #report: (statuses: readonly RecordStatus[]) => void;
  #rows = new Map<string, RecordStatus>();

  constructor(clock: Clock, report: (statuses: readonly RecordStatus[]) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** Replaces the records of the zone; the status of those that stay is kept. */
  setDesired(zone: string, sets: readonly RecordSet[]): void {
    const others = [...this.#rows].filter(([, row]) => row.zone !== zone);
    const rows = sets.map(({ name, type, values }): [string, RecordStatus] => {
      const row = { ...this.#rows.get(key(name, type)), zone, name, type, wanted: values };
      return [key(name, type), row];
    });
    this.#publish(new Map([...others, ...rows]));
  }

  /** These are not written, as their zone is not known. */
  setHeld(zone: string, sets: readonly RecordSet[], error: unknown): void {
    const rows = sets.map(({ name, type, values }): [string, RecordStatus] => {
      const before = this.#rows.get(key(name, type));
      const row = { ...before, zone, name, type, wanted: values };
      return [key(name, type), { ...row, error: this.#described(error, before) }];
    });
    this.#publish(new Map([...this.#rows, ...rows]));
  }

  /** What the provider shows or has accepted for the zone. */
  setAccepted(zone: string, sets: readonly RecordSet[]): void {
    this.#update(zone, ({ accepted, ...row }) => {
      const found = setAt(sets, row)?.values;
      if (found === undefined) return row;
      const values = shownValues(found, row.wanted.length);
      const same = accepted !== undefined && sameValues(accepted.values, values);
      return { ...row, accepted: same ? accepted : { values, at: timestamp(this.#clock) } };
    });
  }

  setSeen(name: string, type: RecordType, seen: Seen): void {
    const row = this.#rows.get(key(name, type));
    if (row === undefined) return;
    const values = shownValues(seen.values, row.wanted.length);
    const same = row.seen !== undefined && sameValues(row.seen.values, values);
    const at = same && row.seen !== undefined ? row.seen.at : timestamp(this.#clock);
    this.#publish(new Map(this.#rows).set(key(name, type), { ...row, seen: { ...seen, values, at } }));
  }

  /** Address records in the zone that follow no site. */
  setUnfollowed(zone: string, sets: readonly RecordSet[]): void {
    this.#update(zone, (row) => {
      const own = sets.filter(({ name }) => name === row.name);
      const texts = own.flatMap(({ type, values }) => values.map((value) => `${type} ${value}`));
      if (texts.length > 0) return { ...row, unfollowed: shownValues(texts, row.wanted.length) };
      return row.unfollowed === undefined ? row : { ...row, unfollowed: undefined };
    });
  }

  /** By name; clears those of the others. */
  setErrors(zone: string, errors: ReadonlyMap<string, unknown>): void {
    this.#update(zone, (row) => {
      const error = errors.has(row.name) ? this.#described(errors.get(row.name), row) : undefined;
      return { ...row, error };
    });
  }

  clearErrors(zone: string): void {
    this.setErrors(zone, new Map());
  }

  #described(error: unknown, before: RecordStatus | undefined): RecordError {
    const since = before?.error?.since ?? timestamp(this.#clock);
    const text = cut(explain(error), LONGEST_TEXT);
    if (!(error instanceof DnsError)) {
      return { text, code: '', kind: 'retry', action: 'It is tried again.', since };
    }
    const { kind, code, action } = error;
    return { text, code, kind, action, since };
  }

  #update(zone: string, change: (row: RecordStatus) => RecordStatus): void {
    this.#publish(
      new Map([...this.#rows].map(([name, row]) => [name, row.zone === zone ? change(row) : row])),
    );
  }

  #publish(rows: Map<string, RecordStatus>): void {
    const before = this.#rows;
    this.#rows = rows;
    const changed =
      rows.size !== before.size || [...rows].some(([name, row]) => !isSameRow(row, before.get(name)));
    if (changed) this.#report([...rows.values()]);
  }
}

/** Providers and name servers may answer with any number of values of any length. */
const MOST_VALUES = 100;
const LONGEST_VALUE = 253;
const LONGEST_TEXT = 1_024;

/** At least as many as are wanted, so that both can be compared. */
function shownValues(values: readonly string[], wanted: number): readonly string[] {
  const most = Math.max(MOST_VALUES, wanted);
  const shown = values.slice(0, most).map((value) => cut(value, LONGEST_VALUE));
  return values.length > most ? [...shown, `and ${values.length - most} more`] : shown;
}

function isSameRow(one: RecordStatus, other: RecordStatus | undefined): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

function key(name: string, type: RecordType): string {
  return `${name} ${type}`;
}
