import { sameRecordSet } from './plan.ts';
import { DnsError } from './provider.ts';
import type { Change, RecordSet, WrittenType } from './records.ts';

/** The record set that a change is about. */
export function subjectOf<T extends WrittenType>(change: Change<T>): RecordSet<T> {
  return 'current' in change ? change.current : change.desired;
}

/** For providers that compare before they set. Throws DnsError when what is there is not what `change` was planned for. */
export function assertPlannedFor(
  there: RecordSet<WrittenType> | undefined,
  change: Change<WrittenType>,
): void {
  const planned = 'current' in change ? change.current : undefined;
  const agrees =
    there === undefined || planned === undefined ? there === planned : sameRecordSet(there, planned);
  if (agrees) return;
  const { name, type } = subjectOf(change);
  throw new DnsError(`${name} ${type} was changed by somebody else while it was being updated`, {
    kind: 'conflict',
    code: 'changed',
    action: 'Nothing: the zone is read again. If this lasts, find who else writes this record.',
    names: [name],
  });
}

/**
 * In parts of at most `most` by `weigh`, for providers that take no more in one call. All changes of one name are in one part,
 * so that a name is never half changed.
 */
export function inParts<T extends WrittenType>(
  changes: readonly Change<T>[],
  most: number,
  weigh: (change: Change<T>) => number,
): readonly (readonly Change<T>[])[] {
  const names = [...Map.groupBy(changes, (change) => subjectOf(change).name).values()];
  const weight = (own: readonly Change<T>[]) => own.reduce((sum, change) => sum + weigh(change), 0);
  return packed(names, most, weight).map((part) => part.flat());
}

/** In their order, in parts of at most `most` by `weigh`; one that is heavier is a part by itself. */
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

/** For providers that can be read back: whether `shown` is as `change` wants it. */
export function isMade(change: Change<WrittenType>, shown: readonly RecordSet<WrittenType>[]): boolean {
  if (change.action !== 'delete') return shown.some((set) => sameRecordSet(set, change.desired));
  return !shown.some((set) => set.name === change.current.name && set.type === change.current.type);
}
