import { configMapName, REPORT_CONFIGMAP } from '../contract/names.ts';
import { asSites, decodeStatus, type Status } from '../contract/status.ts';
import type { Leadership } from '../kubernetes/leadership.ts';
import { whenPutBack } from '../kubernetes/put-back.ts';
import { RIGHTS_SECTION } from '../runtime/rights.ts';
import { Wakeup } from '../runtime/wakeup.ts';
import { claimsOf } from './cluster-claims.ts';
import type { Config, FollowerConfig } from './config.ts';
import { eventsOn } from './event-sink.ts';
import { FencedConfigMap } from './fenced-config-map.ts';
import { type LastPublished, siteAfter } from './last-published.ts';
import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';
import { Reconciler } from './reconciler.ts';
import type { WatchPorts } from './reflect.ts';
import { Report } from './report.ts';
import { rightsOf } from './rights.ts';
import type { SignalPorts } from './signals/ports.ts';
import { createSignals } from './signals/registry.ts';
import type { Signal } from './signals/signal.ts';
import { SignalPublisher } from './signals/worker.ts';
import { SITES_SECTION, siteNodes } from './site-nodes.ts';
import { Sites } from './sites.ts';
import { StatusFirst } from './status-first.ts';
import { openConnections, recordEvents, recordHistory, watchFailures } from './subscribers.ts';
import { retryUntilSuccess, runTaskGroup } from './tasks.ts';
import { Telemetry } from './telemetry.ts';
import { createTrigger, ownClusterOf, subjectOfTrigger } from './triggers/registry.ts';
import type { MemoryStore, Trigger } from './triggers/trigger.ts';

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
}

/** And what its followers share. */
export type SharedPorts = FollowerPorts & Pick<SignalPorts, 'routedPods'>;

/** A burst of watch events costs one reconcile now and one this much later. */
const MIN_GAP_MS = 25;
/** Of nodes in one Event: its note has 1,024 characters at most. */
const MOST_NAMED = 5;

/** Everything that follows one service, while this replica leads. */
export async function runFollower(
  follower: FollowerConfig,
  config: Config,
  ports: SharedPorts,
  leadership: Leadership,
  lastPublished: LastPublished,
  onReconciled: (problem?: string) => void,
): Promise<void> {
  const { api, clock, random, namespace } = ports;
  const { name } = follower;
  const sites = new Sites(follower.sites, ownClusterOf(follower.trigger));
  const telemetry = new Telemetry(name, sites, ports);
  const statusMap = { namespace, name: configMapName(config.configMapName, name) };
  const status = new FencedConfigMap(api, statusMap, 'status', name);
  const { report, published } = await load(
    name,
    sites.own && status,
    ports,
    leadership,
    telemetry,
    onReconciled,
  );
  if (leadership.abort.aborted) return;

  const events = config.dryRun ? () => undefined : eventsOn(status, ports);
  const wakeup = new Wakeup(clock, MIN_GAP_MS);
  const remembered = () => asSites(report.get(SITES_SECTION));
  const lastSites = async (abort: AbortSignal): Promise<Status['sites']> =>
    remembered() ?? decodeStatus((await status.read(abort)).data)?.sites ?? {};
  const claims =
    sites.own &&
    claimsOf(sites.own, { follower: name, report, published, clock, leadership, onRival: wakeup.notify });
  const trigger = createTrigger(follower.trigger, {
    ...ports,
    follower: name,
    sites,
    ...(claims !== undefined && { claims }),
    lastSites,
    siteSinceReport: () => siteAfter(report.history.at(-1), lastPublished.status),
    statusMap,
    events,
    report: config.dryRun ? unsaved(report) : report,
  });
  if (!config.dryRun)
    report.set(RIGHTS_SECTION, rightsOf(follower, { namespace, configMapName: config.configMapName }));
  const nodes = siteNodes(ports, sites, {
    onChange: wakeup.notify,
    onKept(notes) {
      telemetry.kept(notes);
      events({ reason: 'NodeKept', note: keptNote(notes) });
    },
    onFailure: (error) => telemetry.problem('pods of a kept node could not be listed, retrying', error),
  });
  const stored = new StatusFirst(api, clock);
  const signals = config.dryRun
    ? []
    : [
        ...(await createSignals(follower, {
          ...ports,
          api: stored,
          statusMap,
          sites,
          ...(claims !== undefined && { claims }),
          subject: subjectOfTrigger(follower.trigger),
          events,
          report,
        })),
        ...preferredPrimarySignal(trigger, config),
      ];
  const publisher = new SignalPublisher(signals, {
    follower: name,
    sites,
    clock,
    random,
    onProgress: (progress) => telemetry.signal(progress),
  });
  const reconciler = new Reconciler({
    api,
    clock,
    random,
    trigger,
    sites,
    nodesBySite: (known) => nodes.bySite(known),
    status,
    lastTransition: () => report.history.at(-1),
    lastSites: remembered,
    lastPublished,
    resyncMs: config.resyncSeconds * 1000,
    dryRun: config.dryRun,
    wakeup,
    subscribers: [
      recordHistory(report),
      telemetry,
      publisher,
      recordEvents(events, clock),
      openConnections(status, clock, leadership),
      stored,
      watchFailures(events, onReconciled),
    ],
  });
  whenPutBack(
    api,
    () => {
      wakeup.notify();
      report.checkSoon();
    },
    leadership.abort,
  );
  await runTaskGroup(leadership, (shared) => [
    reconciler.run(shared),
    nodes.run(shared.abort),
    ...(config.dryRun ? [] : [report.run(shared)]),
    ...publisher.run(shared),
  ]);
}

/** Reads what the last leader left, however long that takes; the status only where it is given. */
async function load(
  follower: string,
  status: FencedConfigMap | undefined,
  ports: FollowerPorts,
  leadership: Leadership,
  telemetry: Telemetry,
  onFailure: () => void,
): Promise<{ readonly report: Report; readonly published: Status | undefined }> {
  const { api, clock, namespace } = ports;
  const key = { namespace, name: configMapName(REPORT_CONFIGMAP, follower) };
  const report = new Report(new FencedConfigMap(api, key, 'report', follower), clock, (error) =>
    telemetry.problem('report could not be written, retrying', error),
  );
  let published: Status | undefined;
  await retryUntilSuccess(
    ports,
    leadership,
    async () => {
      const [found] = await Promise.all([status?.read(leadership.abort), report.load(leadership)]);
      published = found && decodeStatus(found.data);
    },
    (error) => {
      onFailure();
      telemetry.problem('report could not be read, retrying', error);
    },
  );
  return { report, published };
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
