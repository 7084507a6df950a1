import { Ownership } from '../../../dns/follower/ownership.ts';
import type { RecordStatus } from '../../../dns/follower/record-status.ts';
import { UNFOLLOWED_ACTION } from '../../../dns/follower/record-status.ts';
import { DnsError } from '../../../dns/provider.ts';
import { authoritativeLookup } from '../../../dns/records/authoritative.ts';
import { byCode } from '../../../dns/records/name-errors.ts';
import { sharedTargets } from '../../../dns/records/shared-targets.ts';
import { keepsTexts } from '../../../dns/registry.ts';
import { ConfigMapSnapshots } from '../../../dns/zones/snapshots.ts';
import type { DnsConfig, FollowerConfig } from '../../config.ts';
import type { SignalPorts } from '../ports.ts';
import type { Signal } from '../signal.ts';
import { type DnsObserver, DnsSignal } from './index.ts';
import { keptSetsIn } from './kept-sets.ts';
import { recordCounts } from './record-counts.ts';

/** One signal for each record set, so that no provider waits for another one. */
export function dnsSignals(
  { name: follower, dns: configs }: FollowerConfig,
  ports: SignalPorts,
): Promise<readonly Signal[]> {
  const { api, clock, statusMap, report, locks } = ports;
  const { namespace } = statusMap;
  const snapshots = new ConfigMapSnapshots(api, clock, namespace);
  const keptOf = keptSetsIn(report);
  const shared = configs.length === 0 ? [] : sharedTargets(ports.sites.all);
  if (shared.length > 0)
    ports.events({
      reason: 'DnsNotFollowed',
      note: `${capitalised(shared.join('; '))}: a move between them changes no such record. Leave this so only if it is meant; else give each site its own.`,
    });
  const rows = new Map<string, readonly RecordStatus[]>();
  return Promise.all(
    configs.map(async (config) => {
      const name = config.name ?? config.provider;
      const count = recordCounts({ follower, provider: name }, ports.metrics);
      const provider = await ports.createProvider(config, {
        api,
        clock,
        snapshots,
        locks,
        follower,
        namespace,
      });
      return new DnsSignal({
        name: configs.length === 1 ? 'dns' : `dns-${name}`,
        provider,
        records: config.records,
        kept: keptOf(name, config.records),
        sites: ports.sites.all,
        ...(ports.sites.own !== undefined && { ownSite: ports.sites.own }),
        ...(ports.claims !== undefined && keepsTexts(config.provider) && { claims: ports.claims }),
        ttl: config.ttl,
        ...ownershipOf(config),
        clock,
        random: ports.random,
        lookup: lookupOf(config, ports),
        observer: {
          ...failureEvents(follower, name, ports),
          onStatuses: (records) => {
            rows.set(
              name,
              records.map((record) => ({ ...record, provider: name })),
            );
            report.set('dns', [...rows.values()].flat());
            count(records);
          },
        },
      });
    }),
  );
}

function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function ownershipOf({ owner: { id, ...rest } }: DnsConfig): { readonly ownership?: Ownership } {
  return id === undefined ? {} : { ownership: new Ownership({ id, ...rest }) };
}

/** The zone's own name servers, or those that are configured for zones that are not delegated publicly. */
function lookupOf({ nameServers }: DnsConfig, { clock, lookup }: SignalPorts): SignalPorts['lookup'] {
  if (nameServers.length === 0) return lookup;
  const servers = nameServers.map((address) => ({ name: address, addresses: [address] }));
  return authoritativeLookup(clock, () => Promise.resolve(servers));
}

/** An API may answer with another code, or about another name, each time. */
const MOST_CODES = 50;
const MOST_FAILING = 2_000;
const OTHER_CODE = 'other';

function failureEvents(
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
