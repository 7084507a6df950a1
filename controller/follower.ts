import { whenRestored } from '../kubernetes/etcd-restore.ts';
import type { Leadership } from '../kubernetes/leadership.ts';
import { RIGHTS_SECTION } from '../runtime/rights.ts';
import {
  type FollowerOptions,
  nodesOf,
  prepareParts,
  rememberedSites,
  signalsOf,
  triggerOf,
} from './follower-parts.ts';
import { openConnections } from './open-connections.ts';
import { reportPeers } from './peers/reported.ts';
import { Reconciler } from './reconciler.ts';
import { rightsOf } from './rights.ts';
import { SignalPublisher } from './signals/worker.ts';
import { StatusFirst } from './status/status-first.ts';
import { recordEvents, recordHistory, watchFailures } from './subscribers.ts';
import { runTaskGroup } from './tasks.ts';

/** Everything that follows one service, while this replica leads. */
export async function runFollower(options: FollowerOptions, leadership: Leadership): Promise<void> {
  const { follower, config, ports, lastPublished } = options;
  const { api, clock, random } = ports;
  const parts = await prepareParts(options, leadership);
  if (parts === undefined) return;
  const { sites, telemetry, status, report, events, wakeup } = parts;
  const trigger = triggerOf(parts);
  if (!config.dryRun)
    report.set(
      RIGHTS_SECTION,
      rightsOf(follower, { namespace: ports.namespace, configMapName: config.configMapName }),
    );
  if (sites.own !== undefined && ports.peers !== undefined)
    reportPeers(follower.name, report, ports.peers, leadership.abort);
  const nodes = nodesOf(parts);
  const stored = new StatusFirst(api, clock);
  const publisher = new SignalPublisher(config.dryRun ? [] : await signalsOf(parts, trigger, stored), {
    follower: follower.name,
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
    lastSites: () => rememberedSites(report),
    lastPublished,
    resyncMs: config.resyncSeconds * 1000,
    dryRun: config.dryRun,
    wakeup,
    subscribers: [
      recordHistory(report),
      telemetry,
      publisher,
      recordEvents(events, clock),
      openConnections(ports.openedConnections, status, clock, leadership),
      stored,
      watchFailures(events, options.onReconciled),
    ],
  });
  whenRestored(
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
  if (!config.dryRun) await report.finish(leadership);
}
