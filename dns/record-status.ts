import { cut } from '../kubernetes/cut.ts';
import { type Clock, timestamp } from '../runtime/clock.ts';
import { explain } from '../runtime/explain.ts';
import type { Hidden } from './authoritative.ts';
import { sameValues } from './plan.ts';
import { DnsError } from './provider.ts';
import type { RecordSet, RecordType } from './records.ts';

/** What to do about {@link RecordStatus.unfollowed}. */
export const UNFOLLOWED_ACTION = 'Give each site an "ip" and an "ipv6", or remove that record.';

/** How one record stands; times are RFC 3339. The report ConfigMap and the API show it as it is. */
export interface RecordStatus {
  /** Name of the record set; its provider's unless it has one of its own. */
  readonly provider?: string;
  readonly zone: string;
  readonly name: string;
  readonly type: RecordType;
  readonly wanted: readonly string[];
  /** What the provider last showed or accepted, and since when. Absent: not known yet, or no such record. */
  readonly accepted?: Sighting;
  /** What the authoritative name servers answered. Absent: not asked yet. */
  readonly seen?: Sighting & {
    /** All that were asked answered so, except the silent ones. */
    readonly servers: readonly string[];
    readonly silent: readonly string[];
    /** The provider said so in place of its name servers, which answer with other addresses. */
    readonly hidden?: Hidden;
  };
  /** Addresses of the other family at the name, such as `AAAA 2001:db8::5`, which follow no site. Absent: none. */
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
  /** What to do about it. */
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

  /** The zone's records are now these; what is known of them stays. */
  setDesired(zone: string, sets: readonly RecordSet[]): void {
    const others = [...this.#rows].filter(([, row]) => row.zone !== zone);
    const rows = sets.map(({ name, type, values }): [string, RecordStatus] => {
      const row = { ...this.#rows.get(key(name, type)), zone, name, type, wanted: values };
      return [key(name, type), row];
    });
    this.#publish(new Map([...others, ...rows]));
  }

  /** These are not written, as it is not known in which zone they are. */
  setHeld(zone: string, sets: readonly RecordSet[], error: unknown): void {
    const rows = sets.map(({ name, type, values }): [string, RecordStatus] => {
      const before = this.#rows.get(key(name, type));
      const since = before?.error?.since ?? timestamp(this.#clock);
      return [
        key(name, type),
        { ...before, zone, name, type, wanted: values, error: { ...described(error), since } },
      ];
    });
    this.#publish(new Map([...this.#rows, ...rows]));
  }

  /** What the provider shows or has accepted for the zone. */
  setAccepted(zone: string, sets: readonly RecordSet[]): void {
    this.#update(zone, ({ accepted, ...row }) => {
      const found = sets.find(({ name, type }) => name === row.name && type === row.type)?.values;
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

  /** Address records at names of the zone that nobody keeps on the active site. */
  setUnfollowed(zone: string, sets: readonly RecordSet[]): void {
    this.#update(zone, (row) => {
      const own = sets.filter(({ name }) => name === row.name);
      const texts = own.flatMap(({ type, values }) => values.map((value) => `${type} ${value}`));
      if (texts.length > 0) return { ...row, unfollowed: shownValues(texts, row.wanted.length) };
      return row.unfollowed === undefined ? row : { ...row, unfollowed: undefined };
    });
  }

  /** What is wrong, by name; nothing is with the others. */
  setErrors(zone: string, errors: ReadonlyMap<string, unknown>): void {
    this.#update(zone, (row) => {
      if (!errors.has(row.name)) return { ...row, error: undefined };
      const since = row.error?.since ?? timestamp(this.#clock);
      return { ...row, error: { ...described(errors.get(row.name)), since } };
    });
  }

  clearErrors(zone: string): void {
    this.setErrors(zone, new Map());
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

/** A provider or name server may answer with as many values as it likes, each of any length; this is kept and shown. */
const MOST_VALUES = 100;
const LONGEST_VALUE = 253;
const LONGEST_TEXT = 1_024;

/** As many as are wanted are always shown, so that both can be compared. */
function shownValues(values: readonly string[], wanted: number): readonly string[] {
  const most = Math.max(MOST_VALUES, wanted);
  const shown = values.slice(0, most).map((value) => cut(value, LONGEST_VALUE));
  return values.length > most ? [...shown, `and ${values.length - most} more`] : shown;
}

function described(error: unknown): Omit<RecordError, 'since'> {
  const text = cut(explain(error), LONGEST_TEXT);
  if (!(error instanceof DnsError)) return { text, code: '', kind: 'retry', action: 'It is tried again.' };
  const { kind, code, action } = error;
  return { text, code, kind, action };
}

function isSameRow(one: RecordStatus, other: RecordStatus | undefined): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

function key(name: string, type: RecordType): string {
  return `${name} ${type}`;
}
