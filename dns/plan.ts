import { isIPv6 } from 'node:net';
import { canonicalName } from './domain-name.ts';
import { ANY_TTL, type Change, type RecordSet, type RecordType, type WrittenType } from './records.ts';

/**
 * The steps from what was found to what is wanted; none when they agree. Only names that have a wanted set are
 * looked at, and each of them keeps at least that set: no plan leaves a name without a record.
 */
export function plan(
  found: readonly RecordSet[],
  wanted: readonly RecordSet[],
  owned: ReadonlySet<RecordType>,
): readonly Change[] {
  const empty = wanted.find((set) => set.values.length === 0);
  if (empty !== undefined) throw new Error(`the wish for ${empty.name} ${empty.type} has no value`);
  return [...deletions(found, wanted, owned), ...wanted.flatMap((set) => putting(found, set))];
}

/** Deletions come first, because a CNAME and an address cannot stand side by side even for a moment. */
function deletions(
  found: readonly RecordSet[],
  wanted: readonly RecordSet[],
  owned: ReadonlySet<RecordType>,
): Change[] {
  return found
    .filter((set) => {
      const types = wanted.filter(({ name }) => name === set.name).map(({ type }) => type);
      if (types.length === 0 || types.includes(set.type)) return false;
      return owned.has(set.type) || set.type === 'CNAME' || types.includes('CNAME');
    })
    .map((set) => ({ action: 'delete', found: set }));
}

function putting(found: readonly RecordSet[], wanted: RecordSet): Change[] {
  const there = found.find(({ name, type }) => name === wanted.name && type === wanted.type);
  if (there === undefined) return [{ action: 'create', wanted }];
  return sameRecordSet(there, wanted) ? [] : [{ action: 'update', found: there, wanted }];
}

/** An AAAA beside the A of IPv4-only sites, or the reverse: it stays, and leads some clients past the active site. */
export function unfollowedAddresses(
  found: readonly RecordSet[],
  wanted: readonly RecordSet[],
  owned: ReadonlySet<RecordType>,
): readonly RecordSet[] {
  const isAddress = ({ type }: RecordSet) => type !== 'CNAME';
  const names = new Set(wanted.filter(isAddress).map(({ name }) => name));
  return found.filter((set) => isAddress(set) && !owned.has(set.type) && names.has(set.name));
}

/** Equal in what a resolver would answer: order, notation and repetition of values do not count, nor a TTL that the provider decides. */
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
