import type { FollowerConfig } from '../../config.ts';
import { TenantLog } from '../../tenant-log.ts';
import type { SignalPorts } from '../ports.ts';
import type { Signal } from '../signal.ts';
import { StatusCopies } from './index.ts';

export function statusCopies({ name: follower }: FollowerConfig, ports: SignalPorts): readonly Signal[] {
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
