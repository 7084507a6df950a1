import { isNotFound } from '../kubernetes/errors.ts';
import { explain } from '../runtime/explain.ts';
import type { ResolvedObservation } from './decide.ts';
import type { NodeReads } from './sites/node-reads.ts';
import type { Sites } from './sites/sites.ts';
import { type Observation, unknown } from './triggers/trigger.ts';

/**
 * Matches an observation to the site of its node, or says why there is none. The node is read now: a name alone does not
 * say that the node still exists, or what its labels are. Throws only when `abort` fires.
 */
export async function resolveSite(
  observation: Observation,
  sites: Sites,
  nodes: NodeReads,
  abort: AbortSignal,
): Promise<ResolvedObservation> {
  if (observation.kind === 'unknown') return observation;
  const { primary, node, movingTo, site: elsewhere, hold } = observation;
  if (elsewhere !== undefined)
    return { kind: 'located', primary, node, site: elsewhere, ...(hold && { hold }) };
  const moving = movingTo === undefined ? {} : { movingTo };
  try {
    const matches = sites.matching(await nodes.get(node)).map(({ name }) => name);
    const [site, ...others] = matches;
    const runsOn = `${primary} runs on node ${node}, which`;
    if (site === undefined)
      return { ...unknown('NodeWithoutSite', `${runsOn} belongs to no site`), ...moving };
    if (others.length > 0) {
      const message = `${runsOn} is claimed by the node selectors of ${matches.join(' and ')}`;
      return { ...unknown('NodeInSeveralSites', message), ...moving };
    }
    return { kind: 'located', primary, node, site, ...moving };
  } catch (error) {
    abort.throwIfAborted();
    return isNotFound(error)
      ? { ...unknown('NodeNotFound', `node ${node} of ${primary} does not exist`), ...moving }
      : { ...unknown('ApiError', explain(error)), ...moving };
  }
}
