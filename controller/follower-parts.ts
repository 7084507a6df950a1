/** What a follower is made of. */
import { configMapName, REPORT_CONFIGMAP } from '../contract/names.ts';
import { asSites, decodeStatus, type Status } from '../contract/status.ts';
import type { Claims } from '../dns/claims/claims.ts';
import type { KubeApi, ObjectKey } from '../kubernetes/api.ts';
import type { Leadership } from '../kubernetes/leadership.ts';
import { Wakeup } from '../runtime/wakeup.ts';
import { claimsOf } from './cluster-claims.ts';
import type { Config, FollowerConfig } from './config.ts';
import type { EventSink } from './events/event-rules.ts';
import { eventsOn } from './events/event-sink.ts';
import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { OpenedConnections } from './open-connections.ts';
import type { PeerSource } from './peers/reported.ts';
import { Report } from './report/report.ts';
import type { SignalPorts } from './signals/ports.ts';
import { createSignals } from './signals/registry.ts';
import type { SharedParts } from './signals/shared-parts.ts';
import type { Signal } from './signals/signal.ts';
import { SITES_SECTION, type SiteNodes, siteNodes } from './sites/site-nodes.ts';
import { Sites } from './sites/sites.ts';
import { FencedConfigMap } from './status/fenced-config-map.ts';
import { type LastPublished, siteAfter } from './status/last-published.ts';
import { retryUntilSuccess } from './tasks.ts';
import { Telemetry } from './telemetry.ts';
import { createTrigger, ownClusterOf, subjectOfTrigger } from './triggers/registry.ts';
import type { MemoryStore, Trigger } from './triggers/trigger.ts';
import type { WatchPorts } from './watch/reflect.ts';

/** What the controller needs of the world. All of it is simulated in test/simulation. */
export interface FollowerPorts
  extends WatchPorts,
    Pick<SignalPorts, 'createProvider' | 'lookup' | 'locks' | 'post'> {
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Of this replica: the pod's name. */
  readonly identity: string;
  /** Of the controller's own objects. */
  readonly namespace: string;
  /** The `kubectl.kubernetes.io/restartedAt` of this pod; empty when it has none. */
  readonly restartedAt: string;
  /** What other clusters say, for the report; no decision asks for it. */
  readonly peers?: PeerSource;
}

/** And what its followers share. */
export interface SharedPorts extends FollowerPorts, SharedParts {
  readonly openedConnections: OpenedConnections;
}

export interface FollowerOptions {
  readonly follower: FollowerConfig;
  readonly config: Config;
  readonly ports: SharedPorts;
  readonly lastPublished: LastPublished;
  /** Called after each reconcile; `problem`: why no status is published, once that lasts. */
  readonly onReconciled: (problem?: string) => void;
}

/** A burst of watch events costs one reconcile now and one this much later. */
const MIN_GAP_MS = 25;
/** Of nodes in one Event: its note has 1,024 characters at most. */
const MOST_NAMED = 5;

/** What the parts of a follower are made of. */
export interface FollowerParts extends FollowerOptions {
  readonly sites: Sites;
  readonly telemetry: Telemetry;
  readonly statusMap: Required<ObjectKey>;
  readonly status: FencedConfigMap;
  readonly report: Report;
  readonly claims: Claims | undefined;
  readonly events: EventSink;
  readonly wakeup: Wakeup;
}

/** Reads what the last leader left, however long that takes; undefined when the leadership ends meanwhile. */
export async function prepareParts(
  options: FollowerOptions,
  leadership: Leadership,
): Promise<FollowerParts | undefined> {
  const { follower, config, ports, onReconciled } = options;
  const { api, clock, namespace } = ports;
  const { name } = follower;
  const sites = new Sites(follower.sites, ownClusterOf(follower.trigger));
  const telemetry = new Telemetry(name, sites, ports);
  const statusMap = { namespace, name: configMapName(config.configMapName, name) };
  const status = new FencedConfigMap(api, statusMap, 'status', name);
  const reportMap = { namespace, name: configMapName(REPORT_CONFIGMAP, name) };
  const report = new Report(new FencedConfigMap(api, reportMap, 'report', name), clock, (error) =>
    telemetry.problem('report could not be written, retrying', error),
  );
  let published: Status | undefined;
  const load = async () => {
    const [found] = await Promise.all([sites.own && status.read(leadership.abort), report.load(leadership)]);
    published = found && decodeStatus(found.data);
  };
  await retryUntilSuccess(ports, leadership, load, (error) => {
    onReconciled();
    telemetry.problem('report could not be read, retrying', error);
  });
  if (leadership.abort.aborted) return undefined;
  const wakeup = new Wakeup(clock, MIN_GAP_MS);
  const memory = config.dryRun ? unsaved(report) : report;
  const onRival = wakeup.notify;
  const claims =
    sites.own &&
    claimsOf(sites.own, { follower: name, report: memory, published, clock, leadership, onRival });
  const events = config.dryRun ? () => undefined : eventsOn(status, ports);
  return { ...options, sites, telemetry, statusMap, status, report, claims, events, wakeup };
}

export function triggerOf({
  follower,
  config,
  ports,
  lastPublished,
  claims,
  status,
  report,
  ...parts
}: FollowerParts): Trigger {
  return createTrigger(follower.trigger, {
    ...ports,
    follower: follower.name,
    sites: parts.sites,
    ...(claims !== undefined && { claims }),
    lastSites: async (abort) =>
      rememberedSites(report) ?? decodeStatus((await status.read(abort)).data)?.sites ?? {},
    siteSinceReport: () => siteAfter(report.history.at(-1), lastPublished.status),
    statusMap: parts.statusMap,
    events: parts.events,
    report: config.dryRun ? unsaved(report) : report,
  });
}

export function nodesOf({ ports, sites, telemetry, events, wakeup }: FollowerParts): SiteNodes {
  return siteNodes(ports, sites, {
    onChange: wakeup.notify,
    onKept(notes) {
      telemetry.kept(notes);
      events({ reason: 'NodeKept', note: keptNote(notes) });
    },
    onFailure: (error) => telemetry.problem('pods of a kept node could not be listed, retrying', error),
  });
}

export async function signalsOf(
  parts: FollowerParts,
  trigger: Trigger,
  api: KubeApi,
): Promise<readonly Signal[]> {
  const { follower, config, ports, claims, statusMap, sites, events, report } = parts;
  const signals = await createSignals(follower, {
    ...ports,
    api,
    statusMap,
    sites,
    ...(claims !== undefined && { claims }),
    subject: subjectOfTrigger(follower.trigger),
    events,
    report,
  });
  return [...signals, ...preferredPrimarySignal(trigger, config)];
}

export function rememberedSites(report: Report): Status['sites'] | undefined {
  return asSites(report.get(SITES_SECTION));
}

function keptNote(notes: readonly string[]): string {
  const more = notes.length > MOST_NAMED ? `; ${notes.length - MOST_NAMED} more` : '';
  return `${notes.slice(0, MOST_NAMED).join('; ')}${more}, until one site alone claims it or it is deleted`;
}

/** For a dry run, which writes nothing. */
function unsaved(report: Report): MemoryStore {
  return {
    get: (section) => report.get(section),
    set: (section, value) => report.set(section, value),
    save: () => Promise.resolve(),
  };
}

/** A trigger that moves its service runs like a signal: by itself, with back-off, beside the loop. */
function preferredPrimarySignal(trigger: Trigger, config: Config): Signal[] {
  if (trigger.reconcilePreferredPrimary === undefined) return [];
  const resyncMs = config.resyncSeconds * 1000;
  const apply: Signal['apply'] = async (_state, leadership) =>
    trigger.reconcilePreferredPrimary?.(leadership);
  return [{ name: 'preferred-primary', resyncMs, apply }];
}
