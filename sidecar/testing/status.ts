import type { Status } from '../../contract/status.ts';
import { statusAt } from '../../test/support/status.ts';

export const EAST_NODE = 'node-east-1';
export const WEST_NODE = 'node-west-1';

/** A status as the controller writes it, the east being active in epoch 7 unless `changes` says otherwise. */
export function statusWith(changes: Partial<Status> = {}): Status {
  const time = '2026-01-01T00:00:00.000Z';
  return statusAt('east', {
    activeNode: EAST_NODE,
    since: time,
    lastUpdated: time,
    sites: { east: [EAST_NODE], west: [WEST_NODE] },
    ...changes,
  });
}
