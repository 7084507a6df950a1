import { DEFAULT_SHARE, podsOf } from '../../webhook/inject/stalls.ts';
import type { Workload } from '../cluster/resources.ts';

/**
 * Whether a rolling update of a Deployment can neither take an old pod away nor make a new one until one of the pods
 * that stand by, `standing` in number, gets ready, which it does not. As Kubernetes reckons:
 * https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment
 */
export function isStuck({ spec, status }: Workload, standing: number): boolean {
  const { replicas = 1, strategy } = spec ?? {};
  const { replicas: made = 0, updatedReplicas: updated = 0, availableReplicas: available = 0 } = status ?? {};
  if (strategy?.type === 'Recreate' || standing === 0 || made <= updated) return false;
  // Others that are not available yet may be so in a moment.
  if (made - available > standing) return false;
  const { maxSurge = DEFAULT_SHARE, maxUnavailable = DEFAULT_SHARE } = strategy?.rollingUpdate ?? {};
  const surge = podsOf(maxSurge, replicas, Math.ceil);
  // Both nothing would forbid every step: then one pod may be away.
  const least = surge === 0 ? 1 : 0;
  const mayBeAway = Math.max(podsOf(maxUnavailable, replicas, Math.floor), least);
  return available <= replicas - mayBeAway && made >= replicas + surge;
}
