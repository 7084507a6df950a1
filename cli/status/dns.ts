import { decodeStatuses } from '../../dns/follower/decode-statuses.ts';
import type { RecordStatus } from '../../dns/follower/record-status.ts';
import { needsHuman } from '../../dns/provider.ts';
import { type Published, section } from '../cluster/followers.ts';

/** How far a record has followed, derived from its status in the report. */
export type DnsState = 'seen' | 'accepted' | 'behind' | 'failing';

export type DnsView = RecordStatus & { readonly state: DnsState };

export function recordsOf(published: Published): DnsView[] {
  return decodeRecords(section(published, 'dns'));
}

export function decodeRecords(value: unknown): DnsView[] {
  return decodeStatuses(value).map((record) => ({ ...record, state: stateOf(record) }));
}

function stateOf({ wanted, accepted, seen, error }: RecordStatus): DnsState {
  if (error !== undefined) return 'failing';
  if (!sameValues(wanted, accepted?.values)) return 'behind';
  return sameValues(wanted, seen?.values) ? 'seen' : 'accepted';
}

/** Whether it does not follow before somebody changes something. */
export function isStuck({ error }: DnsView): boolean {
  return error !== undefined && needsHuman(error.kind);
}

/** For each error a sentence with its records, what is wrong and what to do. */
export function troublesOf(records: readonly DnsView[]): string[] {
  const byError = Map.groupBy(
    records.filter(({ error }) => error !== undefined),
    ({ error }) => `${error?.text}. ${error?.action}`,
  );
  return [...byError].map(
    ([trouble, failing]) => `${failing.map(({ name, type }) => `${name} ${type}`).join(', ')}: ${trouble}`,
  );
}

export function sameValues(one: readonly string[], other: readonly string[] | undefined): boolean {
  return other !== undefined && JSON.stringify(one.toSorted()) === JSON.stringify(other.toSorted());
}
