/** A plan as dynamic updates (RFC 2136 section 2). Pure. */
import { packed, subjectOf } from '../planned.ts';
import type { Change, RecordSet, WrittenType } from '../records.ts';
import { CLASSES, encodeResource, encodeValue, type Resource, TYPES } from './message.ts';
import { OTHER_TYPES } from './other-types.ts';

export interface Update {
  readonly prerequisites: readonly Resource[];
  readonly updates: readonly Resource[];
}

const NOTHING = Buffer.alloc(0);
/** A message by TCP has 65,535 at most; header, zone and signature need some hundred. */
const MAX_BYTES = 60_000;

/**
 * Each is made whole or not at all: the server makes the updates when every prerequisite holds, and no other update comes
 * between (section 3.7). So each is a compare-and-set. All changes of one name are in one; more than one only where a
 * message is too small.
 */
export function updatesOf(changes: readonly Change<WrittenType>[], isSigned: boolean): readonly Update[] {
  const names = Map.groupBy(changes, (change) => subjectOf(change).name);
  return batches([...names.values()].map((own) => updateOf(own, isSigned)));
}

/** That every set is there as it was found. An update without updates changes nothing, the serial number included. */
export function checksOf(sets: readonly RecordSet<WrittenType>[]): readonly Update[] {
  return batches(sets.map(checkOf));
}

export function checkOf(set: RecordSet<WrittenType>): Update {
  return { prerequisites: isAsFound(set), updates: [] };
}

function updateOf(changes: readonly Change<WrittenType>[], isSigned: boolean): Update {
  const cname = changes.find(
    ({ action, ...sets }) => action === 'create' && 'desired' in sets && isCname(sets.desired),
  );
  const prerequisites = changes.flatMap((change) =>
    change.action === 'create' ? [isAbsent(change.desired)] : isAsFound(change.current),
  );
  const additions = changes.flatMap((change) =>
    change.action === 'delete' ? [] : records(change.desired, change.desired.ttl, CLASSES.IN),
  );
  const removals = changes.flatMap((change) => (change.action === 'create' ? [] : [removal(change.current)]));
  if (cname === undefined) return { prerequisites, updates: [...removals, ...additions] };
  // A CNAME beside anything else is left out without a word, after the addresses have gone (section 3.4.2.2).
  const { name } = subjectOf(cname);
  const alone = [...OTHER_TYPES.values()].map((type) => ({ ...blank(name, type), class: CLASSES.NONE }));
  // Knot counts what it signed with as something else, so all has to go; what else there was has been excluded.
  const clearing =
    isSigned && removals.length > 0 ? [{ ...blank(name, TYPES.ANY), class: CLASSES.ANY }] : removals;
  return { prerequisites: [...prerequisites, ...alone], updates: [...clearing, ...additions] };
}

function isCname({ type }: RecordSet<WrittenType>): boolean {
  return type === 'CNAME';
}

function batches(updates: readonly Update[]): readonly Update[] {
  return packed(updates, MAX_BYTES, bytesOf).map((part) => ({
    prerequisites: part.flatMap(({ prerequisites }) => prerequisites),
    updates: part.flatMap(({ updates: own }) => own),
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
