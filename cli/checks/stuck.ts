import {
  daemonSetStalls,
  deploymentSteps,
  type Limit,
  type RolloutSpec,
  statefulSetStalls,
} from '../../webhook/inject/rollouts.ts';
import type { Workload } from '../cluster/resources.ts';

export function rolloutOf({ metadata, spec }: Workload): RolloutSpec {
  return { ...spec, namespace: metadata.namespace };
}

/** How many pods stand by at most, now or once the active site has moved to where they are. */
export function mostStanding({ spec }: Workload, standing: number): number {
  return Math.max(standing, (spec?.replicas ?? 1) - standing);
}

/**
 * Whether the rolling update of a Deployment that is under way can neither take an old pod away nor make a new one until
 * one of the pods that stand by, `standing` in number, gets ready, which it does not.
 */
export function isDeploymentStuck({ spec, status }: Workload, standing: number): boolean {
  const { replicas = 1, strategy } = spec ?? {};
  const { replicas: made = 0, updatedReplicas: updated = 0, availableReplicas: available = 0 } = status ?? {};
  if (strategy?.type === 'Recreate' || standing === 0 || made <= updated) return false;
  // Others that are not available yet may be so in a moment.
  if (made - available > standing) return false;
  const { missing, more } = deploymentSteps(spec ?? {});
  return available <= replicas - missing && made >= replicas + more;
}

/** The same of a StatefulSet that has all its pods. */
export function isStatefulSetStuck({ spec, status }: Workload, standing: number): boolean {
  const { replicas: made = 0, updatedReplicas: updated = 0, availableReplicas: available = 0 } = status ?? {};
  const isUpdating = status?.currentRevision !== status?.updateRevision;
  const wanted = made - (spec?.updateStrategy?.rollingUpdate?.partition ?? 0);
  if (!isUpdating || updated >= wanted || made - available > standing) return false;
  return statefulSetStalls(spec ?? {}, standing, limitOf(spec));
}

/** What the cluster makes of `maxUnavailable` of a StatefulSet: where it ignores that, it does not keep it either. */
export function limitOf(spec: Workload['spec']): Limit {
  return spec?.updateStrategy?.rollingUpdate?.maxUnavailable === undefined ? 'may-count' : 'counts';
}

/** The same of a DaemonSet. */
export function isDaemonSetStuck(workload: Workload, standing: number): boolean {
  const {
    desiredNumberScheduled: nodes = 0,
    updatedNumberScheduled: updated = 0,
    numberAvailable: available = 0,
  } = workload.status ?? {};
  const unavailable = nodes - available;
  if (updated >= nodes || unavailable > standing) return false;
  // A node counts as available by its old pod, so those that stand by are beside such.
  return daemonSetStalls(rolloutOf(workload), nodes, standing, unavailable < standing ? 'first' : 'later');
}
