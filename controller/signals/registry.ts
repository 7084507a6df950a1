import type { FollowerConfig } from '../config.ts';
import { TenantLog } from '../tenant-log.ts';
import { dnsSignals } from './dns-signals.ts';
import { followServices } from './follow-services/create.ts';
import { NodeLabel } from './node-label.ts';
import { NotifySignal } from './notify/index.ts';
import { PodConditions } from './pod-conditions/index.ts';
import type { SignalPorts } from './ports.ts';
import type { Signal } from './signal.ts';
import { StatusCopies } from './status-copies.ts';

type CreateSignals = (
  config: FollowerConfig,
  ports: SignalPorts,
) => readonly Signal[] | Promise<readonly Signal[]>;

/** One row per kind of signal; none come where the configuration does not ask for them. */
const SIGNALS: readonly CreateSignals[] = [
  followServices,
  podConditions,
  statusCopies,
  dnsSignals,
  nodeLabel,
  notify,
];

export async function createSignals(config: FollowerConfig, ports: SignalPorts): Promise<Signal[]> {
  const signals = await Promise.all(SIGNALS.map(async (create) => create(config, ports)));
  return signals.flat();
}

function podConditions({ name: follower, routing }: FollowerConfig, ports: SignalPorts): readonly Signal[] {
  if (!routing.podConditions) return [];
  const { metrics, subject } = ports;
  const log = new TenantLog(ports.log, ports.clock);
  const signal = new PodConditions({
    ports,
    watchedPods: ports.gatedPods,
    subject,
    follower,
    order: routing.conditionOrder,
    onFailure(pod, err) {
      metrics.routingFailures.inc({ follower, kind: 'condition' });
      log.warn(pod, { follower, pod, err }, 'pod condition could not be written, retrying');
    },
  });
  return [signal];
}

function nodeLabel({ name: follower, routing }: FollowerConfig, ports: SignalPorts): readonly Signal[] {
  return routing.nodeLabel ? [new NodeLabel(ports, follower)] : [];
}

function statusCopies({ name: follower }: FollowerConfig, ports: SignalPorts): readonly Signal[] {
  const { statusMap, events, metrics } = ports;
  const log = new TenantLog(ports.log, ports.clock);
  const copies = new StatusCopies({
    ports,
    namespaces: ports,
    follower,
    ...statusMap,
    onRefused: (namespace, reason) =>
      events({ reason: 'CopyRefused', namespace, note: `Namespace ${namespace}: ${reason}` }),
    onFailure: (copy, err) =>
      log.warn(copy, { follower, copy, err }, 'status copy could not be written, retrying'),
    onCount: (counts) => {
      for (const [progress, count] of Object.entries(counts))
        metrics.copies.set({ follower, progress }, count);
    },
  });
  return [copies];
}

function notify({ name: follower, notify: targets }: FollowerConfig, ports: SignalPorts): readonly Signal[] {
  if (targets.length === 0) return [];
  const { clock, random, post, report, metrics, events, statusMap } = ports;
  const failing = new Set<string>();
  const signal = new NotifySignal({
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
          events({ reason: 'NotificationFailed', note: `Target ${target}: ${problem}. Retrying` });
        }
      },
      onQueue: (target, waiting, dropped) => {
        metrics.notificationsWaiting.set({ follower, target }, waiting);
        metrics.notificationsDropped.set({ follower, target }, dropped);
      },
    },
  });
  return [signal];
}
