import type { Status } from '../../contract/status.ts';

/** A settled status in epoch 7 whose primary pg-1 runs on the first node of `site`; `changes` come on top. */
export function statusAt(site: string, changes: Partial<Status> = {}): Status {
  return {
    activeSite: site,
    activeNode: site === '' ? '' : `${site}-1`,
    primary: site === '' ? '' : 'pg-1',
    phase: 'Settled',
    reason: '',
    epoch: 7,
    since: '',
    lastUpdated: '',
    sites: {},
    ...changes,
  };
}
