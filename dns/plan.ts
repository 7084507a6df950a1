import { isIPv6 } from 'node:net';
import { canonicalName } from './records/domain-name.ts';
import { ANY_TTL, type Change, type RecordSet, type RecordType, type WrittenType } from './records.ts';

/**
 * The changes from the current sets to the desired ones. Only names that have a desired set are compared, so no plan
 * leaves a name without a record.
 */
export function plan(
  current: readonly RecordSet[],
  desired: readonly RecordSet[],
  owned: ReadonlySet<RecordType>,
): readonly Change[] {
  const empty = desired.find((set) => set.values.length === 0);
  if (empty !== undefined) throw new Error(`the desired set ${empty.name} ${empty.type} has no value`);
  return [...deletions(current, desired, owned), ...desired.flatMap((set) => putChange(current, set))];
}

/** Deletions come first, because a CNAME and an address cannot coexist even for a moment. */
function deletions(
  current: readonly RecordSet[],
  desired: readonly RecordSet[],
  owned: ReadonlySet<RecordType>,
): Change[] {
  return current
    .filter((set) => {
      const types = desired.filter(({ name }) => name === set.name).map(({ type }) => type);
      if (types.length === 0 || types.includes(set.type)) return false;
      return owned.has(set.type) || set.type === 'CNAME' || types.includes('CNAME');
    })
    .map((set) => ({ action: 'delete', current: set }));
}

function putChange(current: readonly RecordSet[], desired: RecordSet): Change[] {
  const there = setAt(current, desired);
  if (there === undefined) return [{ action: 'create', desired }];
  return sameRecordSet(there, desired) ? [] : [{ action: 'update', current: there, desired }];
}

/** The set with the same name and type. */
export function setAt<T extends WrittenType>(
  sets: readonly RecordSet<T>[],
  { name, type }: Pick<RecordSet<WrittenType>, 'name' | 'type'>,
): RecordSet<T> | undefined {
  return sets.find((set) => set.name === name && set.type === type);
}

/** An AAAA beside the A of IPv4-only sites, or the reverse: it stays, and leads some clients past the active site. */
export function unfollowedAddresses(
  current: readonly RecordSet[],
  desired: readonly RecordSet[],
  owned: ReadonlySet<RecordType>,
): readonly RecordSet[] {
  const isAddress = ({ type }: RecordSet) => type !== 'CNAME';
  const names = new Set(desired.filter(isAddress).map(({ name }) => name));
  return current.filter((set) => isAddress(set) && !owned.has(set.type) && names.has(set.name));
}

/** Whether resolvers would answer the same: order, notation and repetition of values do not count, nor does {@link ANY_TTL}. */
export function sameRecordSet(one: RecordSet<WrittenType>, other: RecordSet<WrittenType>): boolean {
  return (
    one.name === other.name &&
    one.type === other.type &&
    (one.ttl === other.ttl || one.ttl === ANY_TTL || other.ttl === ANY_TTL) &&
    (one.type === 'TXT' ? sameTexts(one.values, other.values) : sameValues(one.values, other.values))
  );
}

function sameTexts(one: readonly string[], other: readonly string[]): boolean {
  const right = new Set(other);
  return new Set(one).size === right.size && one.every((text) => right.has(text));
}

export function sameValues(one: readonly string[], other: readonly string[]): boolean {
  const left = new Set(one.map(canonicalValue));
  const right = new Set(other.map(canonicalValue));
  return left.size === right.size && [...left].every((value) => right.has(value));
}

/** A name in its canonical form; an IPv6 address in its short one (RFC 5952). */
export function canonicalValue(value: string): string {
  const text = canonicalName(value);
  return isIPv6(text) && !text.includes('%') ? new URL(`http://[${text}]`).hostname.slice(1, -1) : text;
}
