/** Translates changes into dynamic updates (RFC 2136 section 2). Pure. */
import { byName, packed, subjectOf } from '../../planned.ts';
import type { Change, RecordSet, WrittenType } from '../../records.ts';
import { CLASSES, encodeResource, encodeValue, type Question, type Resource, TYPES } from './message.ts';

export interface Update {
  readonly prerequisites: readonly Resource[];
  readonly updates: readonly Resource[];
  /** What it changes; absent in checks. */
  readonly changes?: readonly Change<WrittenType>[];
}

const NOTHING = Buffer.alloc(0);
/** A TCP message has at most 65,535; header, zone and signature need some hundred. */
const MAX_BYTES = 60_000;

/**
 * How a CNAME replaces addresses. After deleting the addresses, a server silently ignores a CNAME beside anything else
 * (section 3.4.2.2), and no prerequisite can check for the absence of unknown types.
 *
 * guarded: the addresses are added again after the CNAME. If the CNAME is there, they are ignored by the same rule; if it
 * was ignored, they are back before anybody has seen them gone.
 * clearing: the same, after deleting the records of signing, which Knot counts as something else.
 * plain: neither. PowerDNS refuses an update with a CNAME and an address, and refuses rather than ignores a CNAME.
 */
export type CnameForm = 'guarded' | 'clearing' | 'plain';

/**
 * Each update is atomic and only made if its prerequisites hold (section 3.7), so it is a compare-and-set. As few as the
 * size of a message allows, with all changes of one name in one. `condition` is that of a WriteGuard.
 */
export function updatesOf(
  changes: readonly Change<WrittenType>[],
  form: CnameForm,
  condition?: RecordSet<WrittenType>,
): readonly Update[] {
  const asFound = condition === undefined ? [] : isAsFound(condition);
  return batches([...byName(changes).values()].map((own) => updateOf(own, form))).map((update) => ({
    ...update,
    prerequisites: [...asFound, ...update.prerequisites],
  }));
}

/** Checks that every set is as it was found. An update without updates changes nothing, not even the serial number. */
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
  // Adding a CNAME replaces the old one (section 3.4.2.2). If that were deleted first, Knot would ignore the new one.
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
