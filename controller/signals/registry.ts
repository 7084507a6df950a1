import type { ObjectKey } from '../../kubernetes/api.ts';
import type { FollowerConfig } from '../config.ts';
import type { AuthoritativeLookup } from '../dns/authoritative.ts';
import type { RecordProgress } from '../dns/progress.ts';
import { DnsError } from '../dns/provider.ts';
import { createProvider, type DnsPorts } from '../dns/registry.ts';
import { ConfigMapSnapshots } from '../dns/snapshots.ts';
import type { EventSink } from '../event-rules.ts';
import type { Transition } from '../history.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { WatchPorts } from '../reflect.ts';
import type { Sites } from '../sites.ts';
import { DnsSignal } from './dns.ts';
import { NotifySignal } from './notify/index.ts';
import type { Post } from './notify/post.ts';
import type { Signal } from './signal.ts';
import { StatusCopies } from './status-copies.ts';

export interface SignalPorts extends WatchPorts, Pick<DnsPorts, 'connectNamecheap'> {
  readonly lookup: AuthoritativeLookup;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly sites: Sites;
  readonly statusMap: Required<ObjectKey>;
  readonly events: EventSink;
  /** Sends a notification. */
  readonly post: Post;
  /** Where progress is shown and kept. */
  readonly report: {
    readonly history: readonly Transition[];
    get(section: string): unknown;
    set(section: string, value: unknown): void;
  };
}

/** One row per signal; undefined where the configuration does not ask for it. */
const SIGNALS: readonly ((config: FollowerConfig, ports: SignalPorts) => Signal | undefined)[] = [
  statusCopies,
  dns,
  notify,
];

export function createSignals(config: FollowerConfig, ports: SignalPorts): Signal[] {
  return SIGNALS.map((create) => create(config, ports)).filter((signal) => signal !== undefined);
}

function statusCopies({ name: follower }: FollowerConfig, ports: SignalPorts): Signal {
  const { statusMap, events, metrics } = ports;
  return new StatusCopies({
    ports,
    follower,
    ...statusMap,
    onRefused: (namespace, reason) =>
      events({ reason: 'CopyRefused', note: `Namespace ${namespace}: ${reason}` }),
    onFailure: (copy, err) => ports.log.warn({ follower, copy, err }, 'copy was not written, will try again'),
    onCount: (counts) => {
      for (const [progress, count] of Object.entries(counts))
        metrics.copies.set({ follower, progress }, count);
    },
  });
}

function dns({ name: follower, dns: config }: FollowerConfig, ports: SignalPorts): Signal | undefined {
  const { api, clock, statusMap, lookup, metrics, events, report } = ports;
  const snapshots = new ConfigMapSnapshots(api, clock, statusMap.namespace);
  const provider = createProvider(config, { ...ports, snapshots });
  if (provider === undefined || config.provider === 'none') return undefined;
  const failing = new Set<string>();
  return new DnsSignal({
    provider,
    records: config.records,
    sites: ports.sites.all,
    ttl: config.ttl,
    clock,
    random: ports.random,
    lookup,
    observer: {
      onProgress: (records) => {
        report.set('dns', records);
        countRecords(follower, records, metrics);
      },
      onFailure: (zone, error) => {
        const known = error instanceof DnsError ? error : undefined;
        const code = known?.code || known?.kind || 'unknown';
        metrics.dnsFailures.inc({ follower, zone, code });
        // One Event when it begins to fail; each attempt is in the log and the metrics.
        const key = `${zone} ${code}`;
        if (failing.has(key)) return;
        failing.add(key);
        const text = error instanceof Error ? error.message : 'unknown error';
        events({ reason: 'DnsFailed', note: `Zone ${zone}: ${text}. ${known?.action ?? ''}`.trim() });
      },
      onRecovered: (zone) => {
        for (const key of failing) if (key.startsWith(`${zone} `)) failing.delete(key);
        events({ reason: 'DnsRecovered', note: `Zone ${zone}: the records are as wanted again` });
      },
    },
  });
}

function notify({ name: follower, notify: targets }: FollowerConfig, ports: SignalPorts): Signal | undefined {
  if (targets.length === 0) return undefined;
  const { clock, random, post, report, metrics, events, statusMap } = ports;
  const failing = new Set<string>();
  return new NotifySignal({
    follower,
    targets,
    clock,
    random,
    post,
    report,
    source: `/kube-site-follower/${statusMap.namespace}/${follower}`,
    observer: {
      onOutcome: (target, outcome, problem) => {
        metrics.notifications.inc({ follower, target, outcome: outcome.replace(' ', '-') });
        if (outcome === 'delivered') failing.delete(target);
        else if (outcome === 'given up')
          events({ reason: 'NotificationGivenUp', note: `Target ${target}: ${problem}` });
        else if (!failing.has(target)) {
          // One Event when it begins to fail; each attempt is in the log and the metrics.
          failing.add(target);
          events({ reason: 'NotificationFailed', note: `Target ${target}: ${problem}. It is tried again` });
        }
      },
      onQueue: (target, waiting, dropped) => {
        metrics.notificationsWaiting.set({ follower, target }, waiting);
        metrics.notificationsDropped.set({ follower, target }, dropped);
      },
    },
  });
}

function countRecords(follower: string, records: readonly RecordProgress[], metrics: Metrics): void {
  for (const zone of new Set(records.map((record) => record.zone))) {
    const own = records.filter((record) => record.zone === zone);
    const count = (progress: string, reached: (record: RecordProgress) => boolean) =>
      metrics.dnsRecords.set({ follower, zone, progress }, own.filter(reached).length);
    count('wanted', () => true);
    count('accepted', ({ wanted, accepted }) => accepted?.values.join() === wanted.join());
    count('seen', ({ wanted, seen }) => seen?.values.join() === wanted.join());
  }
}
