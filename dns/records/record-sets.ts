/** Converts what a provider shows into the form that plans compare. Pure. */
import { canonicalValue } from '../plan.ts';
import {
  ANY_TTL,
  type Current,
  type OtherRecords,
  type RecordSet,
  type TextSet,
  type WrittenType,
  type ZoneQuery,
} from '../records.ts';
import { isFollowing, isWritten } from './record-types.ts';
import { plainText } from './text-value.ts';

export interface ShownRecord {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  /** In the provider's form. */
  readonly values: readonly string[];
  /** Why it is not replaced, such as `an alias of x`: takes the place of its values, so that no desired set equals it. */
  readonly special?: string | undefined;
}

/** The A, AAAA, CNAME and TXT sets: records of one name and type form a set. */
export function setsAmong(records: readonly ShownRecord[]): readonly RecordSet<WrittenType>[] {
  const sets = new Map<string, { name: string; type: WrittenType; ttl: number; values: Set<string> }>();
  for (const { name, type, ttl, values, special } of records) {
    if (!isWritten(type)) continue;
    const key = `${name} ${type}`;
    const set = sets.get(key) ?? { name, type, ttl, values: new Set() };
    sets.set(key, set);
    if (special !== undefined) set.ttl = ANY_TTL;
    const shown = special !== undefined && type !== 'TXT' ? [special] : values.map(canonical(type));
    for (const value of shown) set.values.add(value);
  }
  return [...sets.values()].map((set) => ({ ...set, values: [...set.values] }));
}

/** The sets of `names` and, if they were asked for, the TXT sets of `texts`. */
export function currentOf(
  found: readonly RecordSet<WrittenType>[],
  others: readonly OtherRecords[],
  { names, texts }: Pick<ZoneQuery, 'names' | 'texts'>,
  unread: ReadonlyMap<string, Error> = new Map(),
): Current {
  const sets = found.filter(isFollowingSet).filter(isAmong(names));
  return {
    sets,
    others,
    ...(texts !== undefined && { texts: found.filter(isTextSet).filter(isAmong(texts)) }),
    ...(unread.size > 0 && { unread }),
  };
}

function isTextSet(set: RecordSet<WrittenType>): set is TextSet {
  return set.type === 'TXT';
}

export function isFollowingSet(set: RecordSet<WrittenType>): set is RecordSet {
  return isFollowing(set.type);
}

function isAmong(names: readonly string[]): (set: RecordSet<WrittenType>) => boolean {
  const asked = new Set(names);
  return ({ name }) => asked.has(name);
}

function canonical(type: WrittenType): (value: string) => string {
  return type === 'TXT' ? plainText : canonicalValue;
}
