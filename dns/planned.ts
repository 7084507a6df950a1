import { nameError } from './errors.ts';
import { sameRecordSet, setAt } from './plan.ts';
import type { Change, RecordSet, WrittenType } from './records.ts';

/** The record set that a change is about. */
export function subjectOf<T extends WrittenType>(change: Change<T>): RecordSet<T> {
  return 'current' in change ? change.current : change.desired;
}

export function byName<T extends WrittenType>(
  changes: readonly Change<T>[],
): ReadonlyMap<string, readonly Change<T>[]> {
  return Map.groupBy(changes, (change) => subjectOf(change).name);
}

export function namesOf(changes: readonly Change<WrittenType>[]): readonly string[] {
  return [...byName(changes).keys()];
}

/** For providers that compare before they set. Throws DnsError if the zone has something else than `change` was planned for. */
export function assertPlannedFor(
  there: RecordSet<WrittenType> | undefined,
  change: Change<WrittenType>,
): void {
  const planned = 'current' in change ? change.current : undefined;
  const agrees =
    there === undefined || planned === undefined ? there === planned : sameRecordSet(there, planned);
  if (agrees) return;
  const { name, type } = subjectOf(change);
  throw nameError(name, {
    kind: 'conflict',
    code: 'changed',
    message: `${name} ${type} was changed by somebody else while it was being updated`,
    action: 'Nothing: the zone is read again. If this lasts, find who else writes this record.',
  });
}

/**
 * Splits changes for providers that limit the size of a call. All changes of one name are in one part, so that no name is
 * half changed.
 */
export function inParts<T extends WrittenType>(
  changes: readonly Change<T>[],
  most: number,
  weigh: (change: Change<T>) => number,
): readonly (readonly Change<T>[])[] {
  const names = [...byName(changes).values()];
  const weight = (own: readonly Change<T>[]) => own.reduce((sum, change) => sum + weigh(change), 0);
  return packed(names, most, weight).map((part) => part.flat());
}

/** Splits items, in their order, into parts whose weight is at most `most`; a heavier item is a part by itself. */
export function packed<T>(
  items: readonly T[],
  most: number,
  weigh: (item: T) => number,
): readonly (readonly T[])[] {
  const parts: T[][] = [];
  let left = 0;
  for (const item of items) {
    const weight = weigh(item);
    const last = parts.at(-1);
    if (last !== undefined && weight <= left) last.push(item);
    else {
      parts.push([item]);
      left = most;
    }
    left -= weight;
  }
  return parts;
}

/** For providers that can be read back: whether `shown` has the result of the change. */
export function isMade(change: Change<WrittenType>, shown: readonly RecordSet<WrittenType>[]): boolean {
  if (change.action === 'delete') return setAt(shown, change.current) === undefined;
  return shown.some((set) => sameRecordSet(set, change.desired));
}
