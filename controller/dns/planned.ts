import { sameRecordSet } from './plan.ts';
import { type Change, DnsError, type RecordSet } from './provider.ts';

/** The record set that a change is about. */
export function subjectOf(change: Change): RecordSet {
  return 'found' in change ? change.found : change.wanted;
}

/** For providers that compare before they set. Throws DnsError when what is there is not what `change` was planned for. */
export function assertPlannedFor(there: RecordSet | undefined, change: Change): void {
  const planned = 'found' in change ? change.found : undefined;
  const agrees =
    there === undefined || planned === undefined ? there === planned : sameRecordSet(there, planned);
  if (agrees) return;
  const { name, type } = subjectOf(change);
  throw new DnsError(`${name} ${type} was changed by somebody else while it was being updated`, {
    kind: 'conflict',
    code: 'changed',
    action: 'Nothing: the zone is read again. If this lasts, find who else writes this record.',
  });
}

/** For providers that can be read back: whether `shown` is as `change` wants it. */
export function isMade(change: Change, shown: readonly RecordSet[]): boolean {
  if (change.action !== 'delete') return shown.some((set) => sameRecordSet(set, change.wanted));
  return !shown.some((set) => set.name === change.found.name && set.type === change.found.type);
}
