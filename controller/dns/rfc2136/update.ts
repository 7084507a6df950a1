/** A plan as one dynamic update (RFC 2136 section 2). Pure. */
import type { Change, RecordSet } from '../provider.ts';
import { CLASSES, encodeValue, type Resource, TYPES } from './message.ts';

export interface Update {
  readonly prerequisites: readonly Resource[];
  readonly updates: readonly Resource[];
}

const NOTHING = Buffer.alloc(0);

/**
 * All of it or nothing: the server makes the updates when every prerequisite holds, and no other update comes between
 * (section 3.7). So this is a compare-and-set.
 */
export function updateOf(changes: readonly Change[]): Update {
  return {
    prerequisites: changes.flatMap((change) =>
      change.action === 'create' ? [isAbsent(change.wanted)] : isAsFound(change.found),
    ),
    updates: changes.flatMap((change) => [
      ...(change.action === 'create' ? [] : [removal(change.found)]),
      ...(change.action === 'delete' ? [] : records(change.wanted, change.wanted.ttl, CLASSES.IN)),
    ]),
  };
}

/** "RRset exists (value dependent)", section 2.4.2: the values, never the TTL, are compared. */
export function isAsFound(set: RecordSet): readonly Resource[] {
  return records(set, 0, CLASSES.IN);
}

/** "RRset does not exist", section 2.4.3. */
function isAbsent({ name, type }: RecordSet): Resource {
  return { name, type: TYPES[type], class: CLASSES.NONE, ttl: 0, data: NOTHING };
}

/** "Delete an RRset", section 2.5.2. */
function removal({ name, type }: RecordSet): Resource {
  return { name, type: TYPES[type], class: CLASSES.ANY, ttl: 0, data: NOTHING };
}

function records({ name, type, values }: RecordSet, ttl: number, klass: number): readonly Resource[] {
  return values.map((value) => ({
    name,
    type: TYPES[type],
    class: klass,
    ttl,
    data: encodeValue(type, value),
  }));
}
