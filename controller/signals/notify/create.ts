import type { FollowerConfig } from '../../config.ts';
import type { SignalPorts } from '../ports.ts';
import type { Signal } from '../signal.ts';
import { NotifySignal } from './index.ts';

export function notify(
  { name: follower, notify: targets }: FollowerConfig,
  ports: SignalPorts,
): readonly Signal[] {
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
