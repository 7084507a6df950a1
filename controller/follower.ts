import { configMapName, REPORT_CONFIGMAP } from '../contract/names.ts';
import { asSites, decodeStatus, type Status } from '../contract/status.ts';
import { whenRestored } from '../kubernetes/etcd-restore.ts';
import type { Leadership } from '../kubernetes/leadership.ts';
import { RIGHTS_SECTION } from '../runtime/rights.ts';
import { Wakeup } from '../runtime/wakeup.ts';
import { claimsOf } from './cluster-claims.ts';
import type { Config, FollowerConfig } from './config.ts';
import type { EventSink } from './events/event-rules.ts';
import { eventsOn } from './events/event-sink.ts';
import { reportPeers } from './peers/reported.ts';
import type { FollowerPorts } from './ports.ts';
import { Reconciler } from './reconciler.ts';
import { Report } from './report/report.ts';
import { rightsOf } from './rights.ts';
import { createSignals } from './signals/registry.ts';
import type { Signal } from './signals/signal.ts';
import { type SignalProgress, SignalPublisher } from './signals/worker.ts';
import { keptNote, SITES_SECTION, siteNodes } from './sites/site-nodes.ts';
import { Sites } from './sites/sites.ts';
import { FencedConfigMap, UnwrittenConfigMap } from './status/fenced-config-map.ts';
import { type LastPublished, siteAfter } from './status/last-published.ts';
import { StatusFirst } from './status/status-first.ts';
import { recordEvents, recordHistory, watchFailures } from './subscribers.ts';
import { retryUntilSuccess, runTaskGroup } from './tasks.ts';
import { Telemetry } from './telemetry.ts';
import { createTrigger, ownClusterOf, subjectOfTrigger } from './triggers/registry.ts';
import type { Trigger } from './triggers/trigger.ts';
import { warmConnections } from './warm-connections.ts';

export interface FollowerOptions {
  readonly follower: FollowerConfig;
  readonly config: Config;
  readonly ports: FollowerPorts;
  readonly lastPublished: LastPublished;
  /** Called after each reconcile; `problem`: why no status is published, once that lasts. */
  readonly onReconciled: (problem?: string) => void;
}

/** A burst of watch events costs one reconcile now and one this much later. */
const MIN_GAP_MS = 25;

/** Everything that follows one service, while this replica leads. A dry run has the same parts, of which none writes. */
export async function runFollower(options: FollowerOptions, leadership: Leadership): Promise<void> {
  const { follower, config, ports, lastPublished, onReconciled } = options;
  const { api, clock, random, namespace } = ports;
  const { name } = follower;
  const { dryRun, resyncSeconds } = config;
  const resyncMs = resyncSeconds * 1000;
  const sites = new Sites(follower.sites, ownClusterOf(follower.trigger));
  const telemetry = new Telemetry(name, sites, ports);
  const onProblem = (message: string) => (error: unknown) => telemetry.problem(message, error);

  // Where it writes.
  const OwnConfigMap = dryRun ? UnwrittenConfigMap : FencedConfigMap;
  const statusMap = { namespace, name: configMapName(config.configMapName, name) };
  const status = new OwnConfigMap(api, statusMap, 'status', name);
  const reportMap = { namespace, name: configMapName(REPORT_CONFIGMAP, name) };
  const reportStore = new OwnConfigMap(api, reportMap, 'report', name);
  const report = new Report(reportStore, clock, onProblem('report could not be written, retrying'));
  const events: EventSink = dryRun ? () => undefined : eventsOn(status, ports);
  const stored = new StatusFirst(api, clock);

  // What the last leader left, however long it takes to read that.
  let published: Status | undefined;
  const load = async () => {
    const [found] = await Promise.all([sites.own && status.read(leadership.abort), report.load(leadership)]);
    published = found && decodeStatus(found.data);
  };
  await retryUntilSuccess(ports, leadership, load, (error) => {
    onReconciled();
    telemetry.problem('report could not be read, retrying', error);
  });
  if (leadership.abort.aborted) return;
  const lastSites = () => asSites(report.get(SITES_SECTION));

  // What it observes.
  const wakeup = new Wakeup(clock, MIN_GAP_MS);
  const onRival = wakeup.notify;
  const claims =
    sites.own && claimsOf(sites.own, { follower: name, report, published, clock, leadership, onRival });
  const ofFollower = { ...ports, sites, claims, statusMap, events, report };
  const trigger = createTrigger(follower.trigger, {
    ...ofFollower,
    follower: name,
    lastSites: async (abort) => lastSites() ?? decodeStatus((await status.read(abort)).data)?.sites ?? {},
    siteSinceReport: () => siteAfter(report.history.at(-1), lastPublished.status),
  });
  const nodes = siteNodes(ports, sites, {
    onChange: wakeup.notify,
    onKept(notes) {
      telemetry.kept(notes);
      events({ reason: 'NodeKept', note: keptNote(notes) });
    },
    onFailure: onProblem('pods of a kept node could not be listed, retrying'),
  });

  // What follows.
  const subject = subjectOfTrigger(follower.trigger);
  const signals = dryRun
    ? []
    : [
        ...(await createSignals(follower, { ...ofFollower, api: stored, subject })),
        ...preferredPrimarySignal(trigger, resyncMs),
      ];
  const onProgress = (progress: SignalProgress) => telemetry.signal(progress);
  const publisher = new SignalPublisher(signals, { follower: name, sites, clock, random, onProgress });

  report.set(RIGHTS_SECTION, rightsOf(follower, { namespace, configMapName: config.configMapName }));
  if (sites.own !== undefined && ports.peers !== undefined)
    reportPeers(name, report, ports.peers, leadership.abort);
  const reconciler = new Reconciler({
    api,
    clock,
    random,
    trigger,
    sites,
    nodesBySite: (known) => nodes.bySite(known),
    status,
    lastTransition: () => report.history.at(-1),
    lastSites,
    lastPublished,
    resyncMs,
    wakeup,
    subscribers: [
      recordHistory(report),
      telemetry,
      publisher,
      recordEvents(events, clock),
      warmConnections(ports.connectionBudget, status, clock, leadership),
      stored,
      watchFailures(events, onReconciled),
    ],
  });
  const onRestored = () => {
    wakeup.notify();
    report.checkSoon();
  };
  whenRestored(api, onRestored, leadership.abort);
  await runTaskGroup(leadership, (shared) => [
    reconciler.run(shared),
    nodes.run(shared.abort),
    report.run(shared),
    ...publisher.run(shared),
  ]);
  await report.finish(leadership);
}

/** A trigger that moves its service runs like a signal: by itself, with back-off, beside the loop. */
function preferredPrimarySignal({ reconcilePreferredPrimary: move }: Trigger, resyncMs: number): Signal[] {
  return move === undefined
    ? []
    : [{ name: 'preferred-primary', resyncMs, apply: (_state, leadership) => move(leadership) }];
}
