import { CLUSTERS } from '../../cnpg/cluster.ts';
import { isPromoted, promotionPatch } from '../../cnpg/promotion.ts';
import type { KubeApi } from '../../kubernetes/api.ts';
import { isConflict } from '../../kubernetes/errors.ts';
import { explain } from '../../runtime/explain.ts';
import { UNTIL_ANSWERED } from '../cluster/session.ts';
import { CommandError } from '../exit-codes.ts';
import { planFor, type SwitchoverState, unmet } from './plan.ts';

/** Each fails where the Cluster was changed between reading and patching it. */
const ATTEMPTS = 3;

/** Checks the preconditions again, as the user may have waited long, and patches the status. Gives the time of the patch. */
export async function promote(
  api: KubeApi,
  read: () => Promise<SwitchoverState>,
  target: string,
  now: string,
): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const state = await read();
    if (attempt > 1 && isPromoted(state.cluster, target, now)) return now;
    const plan = planFor(state);
    const obstacles = unmet(plan.preconditions).map(({ obstacle }) => obstacle);
    if (obstacles.length > 0 || plan.target !== target) {
      throw new CommandError(
        'refused',
        `Not done, as the state has changed meanwhile: ${obstacles.join('; ') || `${plan.target} would be promoted now`}.`,
      );
    }
    try {
      await api.patch(CLUSTERS, state.cluster.metadata, promotionPatch(state.cluster, target, now), {
        type: 'merge',
        subresource: 'status',
        ...UNTIL_ANSWERED,
      });
      return now;
    } catch (error) {
      if (isConflict(error) && attempt < ATTEMPTS) continue;
      throw new CommandError('refused', `Not done: ${explain(error)}`, error);
    }
  }
}
