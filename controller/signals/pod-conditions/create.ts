import type { FollowerConfig } from '../../config.ts';
import { TenantLog } from '../../tenant-log.ts';
import type { SignalPorts } from '../ports.ts';
import type { Signal } from '../signal.ts';
import { PodConditions } from './index.ts';

export function podConditions(
  { name: follower, routing }: FollowerConfig,
  ports: SignalPorts,
): readonly Signal[] {
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
