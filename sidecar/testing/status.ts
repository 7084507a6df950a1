import type { Status } from '../../contract/status.ts';

export const EAST_NODE = 'node-east-1';
export const WEST_NODE = 'node-west-1';

/** A status as the controller writes it, the east being active in epoch 7 unless `changes` says otherwise. */
export function statusWith(changes: Partial<Status> = {}): Status {
  return {
    activeSite: 'east',
    activeNode: EAST_NODE,
    primary: 'pg-1',
    phase: 'Settled',
    reason: '',
    epoch: 7,
    since: '2026-01-01T00:00:00.000Z',
    lastUpdated: '2026-01-01T00:00:00.000Z',
    sites: { east: [EAST_NODE], west: [WEST_NODE] },
    ...changes,
  };
}
