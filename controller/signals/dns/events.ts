import { type RecordStatus, UNFOLLOWED_ACTION } from '../../../dns/follower/record-status.ts';
import { DnsError } from '../../../dns/provider.ts';
import { byCode } from '../../../dns/records/name-errors.ts';
import type { RecordSet } from '../../../dns/records.ts';
import type { SignalPorts } from '../ports.ts';

/** What happens here; for the report, Events, metrics and log. */
export interface DnsObserver {
  /** All records, whenever the status of one changes. */
  onStatuses(statuses: readonly RecordStatus[]): void;
  /** After each failed attempt, with what is wrong with the zone or with each of some names; mostly DnsErrors. */
  onFailure(zone: string, errors: readonly unknown[]): void;
  /** At the first success after failures. */
  onRecovered(zone: string): void;
  /** After each read: addresses at listed names that no site has a setting for. */
  onUnfollowed(zone: string, sets: readonly RecordSet[]): void;
}

/** An API may answer with another code, or about another name, each time. */
const MOST_CODES = 50;
const MOST_FAILING = 2_000;
const OTHER_CODE = 'other';

/** The Events and the metrics of failing zones, and of addresses that nobody follows. */
export function failureEvents(
  follower: string,
  provider: string,
  { metrics, events }: SignalPorts,
): Pick<DnsObserver, 'onFailure' | 'onRecovered' | 'onUnfollowed'> {
  /** By zone; each code, and each name that it is about. */
  const failing = new Map<string, ReadonlySet<string>>();
  const codes = new Set<string>();
  const codeOf = (error: unknown): string => {
    const code = error instanceof DnsError ? error.code || error.kind : 'unknown';
    if (codes.size < MOST_CODES) codes.add(code);
    return codes.has(code) ? code : OTHER_CODE;
  };
  const keysOf = (error: unknown): readonly string[] => {
    const names = error instanceof DnsError ? error.names : undefined;
    return (names ?? ['']).map((name) => `${codeOf(error)} ${name}`);
  };
  const unfollowed = new Map<string, string>();
  return {
    onFailure: (zone, errors) => {
      const before = failing.get(zone) ?? new Set();
      const keys = errors.flatMap(keysOf);
      failing.set(zone, new Set([...(before.size < MOST_FAILING ? before : []), ...keys]));
      for (const error of byCode(errors))
        metrics.dnsFailures.inc({ follower, provider, zone, code: codeOf(error) });
      // One Event when it begins to fail; each attempt is in the log and the metrics.
      for (const error of byCode(errors.filter((each) => keysOf(each).some((key) => !before.has(key))))) {
        const action = error instanceof DnsError ? error.action : '';
        const text = error instanceof Error ? error.message : 'unknown error';
        events({ reason: 'DnsFailed', note: `Zone ${zone}: ${text}. ${action}`.trim() });
      }
    },
    onUnfollowed: (zone, sets) => {
      const text = sets.map(({ name, type, values }) => `${name} ${type} ${values.join(', ')}`).join('; ');
      if (unfollowed.get(zone) === text || (text === '' && !unfollowed.has(zone))) return;
      unfollowed.set(zone, text);
      if (text === '') return;
      const note = `Zone ${zone}: ${text}: no site has a setting for this type, so it stays, and clients that use it are not led to the active site. ${UNFOLLOWED_ACTION}`;
      events({ reason: 'DnsNotFollowed', note });
    },
    onRecovered: (zone) => {
      failing.delete(zone);
      events({ reason: 'DnsRecovered', note: `Zone ${zone}: the records are as desired again` });
    },
  };
}
