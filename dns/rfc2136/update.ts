/** A plan as dynamic updates (RFC 2136 section 2). Pure. */
import { packed, subjectOf } from '../planned.ts';
import type { Change, RecordSet, WrittenType } from '../records.ts';
import { CLASSES, encodeResource, encodeValue, type Question, type Resource, TYPES } from './message.ts';

export interface Update {
  readonly prerequisites: readonly Resource[];
  readonly updates: readonly Resource[];
  /** What it makes. Absent: nothing. */
  readonly changes?: readonly Change<WrittenType>[];
}

const NOTHING = Buffer.alloc(0);
/** A message by TCP has 65,535 at most; header, zone and signature need some hundred. */
const MAX_BYTES = 60_000;

/**
 * How a CNAME takes the place of addresses. A server leaves out a CNAME beside anything else without a word, after it has
 * deleted the addresses (section 3.4.2.2), and no prerequisite can ask for the absence of types that nobody knows.
 *
 * guarded: the addresses are added again behind the CNAME. Where it stands they are left out by the same rule, and where it
 * was left out they are back before anybody has seen them gone.
 * clearing: so, with what the server signed with deleted before. Knot counts that as something else.
 * plain: without either. PowerDNS takes no CNAME and address in one update, and refuses as a whole what it would leave out.
 */
export type CnameForm = 'guarded' | 'clearing' | 'plain';

/**
 * Each is made whole or not at all: the server makes the updates when every prerequisite holds, and no other update comes
 * between (section 3.7). So each is a compare-and-set. All changes of one name are in one; more than one only where a
 * message is too small.
 */
export function updatesOf(changes: readonly Change<WrittenType>[], form: CnameForm): readonly Update[] {
  const names = Map.groupBy(changes, (change) => subjectOf(change).name);
  return batches([...names.values()].map((own) => updateOf(own, form)));
}

/** That every set is there as it was found. An update without updates changes nothing, the serial number included. */
export function checksOf(sets: readonly RecordSet<WrittenType>[]): readonly Update[] {
  return batches(sets.map(checkOf));
}

export function checkOf(set: RecordSet<WrittenType>): Update {
  return { prerequisites: isAsFound(set), updates: [] };
}

/** "RRset exists (value independent)", section 2.4.1. */
export function typeCheckOf({ name, type }: Question): Update {
  return { prerequisites: [{ ...blank(name, type), class: CLASSES.ANY }], updates: [] };
}

function updateOf(changes: readonly Change<WrittenType>[], form: CnameForm): Update {
  const prerequisites = changes.flatMap((change) =>
    change.action === 'create' ? [isAbsent(change.desired)] : isAsFound(change.current),
  );
  // A CNAME that is added replaces the one before (section 3.4.2.2). Were that deleted first, Knot would leave out the new one.
  const removed = changes.flatMap((change) =>
    change.action === 'create' || (change.action === 'update' && isCname(change.desired))
      ? []
      : [change.current],
  );
  const added = changes.flatMap((change) => (change.action === 'delete' ? [] : [change.desired]));
  const cname = changes.find((change) => change.action === 'create' && isCname(change.desired));
  const restored = cname === undefined || form === 'plain' ? [] : removed;
  return {
    prerequisites,
    updates: [
      ...removed.map(removal),
      ...(cname !== undefined && form === 'clearing' ? signatureRemovals(subjectOf(cname).name) : []),
      ...[...added, ...restored].flatMap((set) => records(set, set.ttl, CLASSES.IN)),
    ],
    changes,
  };
}

function signatureRemovals(name: string): readonly Resource[] {
  return [TYPES.RRSIG, TYPES.NSEC].map((type) => ({ ...blank(name, type), class: CLASSES.ANY }));
}

function isCname({ type }: RecordSet<WrittenType>): boolean {
  return type === 'CNAME';
}

function batches(updates: readonly Update[]): readonly Update[] {
  return packed(updates, MAX_BYTES, bytesOf).map((part) => ({
    prerequisites: part.flatMap(({ prerequisites }) => prerequisites),
    updates: part.flatMap(({ updates: own }) => own),
    changes: part.flatMap(({ changes = [] }) => changes),
  }));
}

function bytesOf({ prerequisites, updates }: Update): number {
  return [...prerequisites, ...updates].reduce((sum, one) => sum + encodeResource(one).length, 0);
}

/** "RRset exists (value dependent)", section 2.4.2: the values, never the TTL, are compared. */
function isAsFound(set: RecordSet<WrittenType>): readonly Resource[] {
  return records(set, 0, CLASSES.IN);
}

/** "RRset does not exist", section 2.4.3. */
function isAbsent({ name, type }: RecordSet<WrittenType>): Resource {
  return { ...blank(name, TYPES[type]), class: CLASSES.NONE };
}

/** "Delete an RRset", section 2.5.2. */
function removal({ name, type }: RecordSet<WrittenType>): Resource {
  return { ...blank(name, TYPES[type]), class: CLASSES.ANY };
}

function blank(name: string, type: number): Resource {
  return { name, type, class: CLASSES.IN, ttl: 0, data: NOTHING };
}

function records(
  { name, type, values }: RecordSet<WrittenType>,
  ttl: number,
  klass: number,
): readonly Resource[] {
  return values.map((value) => ({
    name,
    type: TYPES[type],
    class: klass,
    ttl,
    data: encodeValue(type, value),
  }));
}
