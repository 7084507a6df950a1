import {
  daemonSetStalls,
  deploymentSteps,
  type Limit,
  type RolloutSpec,
  statefulSetStalls,
} from '../../webhook/inject/rollouts.ts';
import type { Workload } from '../cluster/workloads.ts';

export function rolloutOf({ metadata, spec }: Workload): RolloutSpec {
  return { ...spec, namespace: metadata.namespace };
}

/** How many pods are standby at most, now or after the active site has moved to theirs. */
export function mostStanding({ spec }: Workload, standing: number): number {
  return Math.max(standing, (spec?.replicas ?? 1) - standing);
}

/**
 * Whether a rolling update in progress can neither delete an old pod nor create a new one before one of the `standing`
 * standby pods becomes ready, which it will not.
 */
export function isDeploymentStuck({ spec, status }: Workload, standing: number): boolean {
  const { replicas = 1, strategy } = spec ?? {};
  const { replicas: made = 0, updatedReplicas: updated = 0, availableReplicas: available = 0 } = status ?? {};
  if (strategy?.type === 'Recreate' || standing === 0 || made <= updated) return false;
  // Pods of the active site that are not available yet may soon be.
  if (made - available > standing) return false;
  const { missing, more } = deploymentSteps(spec ?? {});
  return available <= replicas - missing && made >= replicas + more;
}

/** The same for a StatefulSet that has all its pods. */
export function isStatefulSetStuck({ spec, status }: Workload, standing: number): boolean {
  const { replicas: made = 0, updatedReplicas: updated = 0, availableReplicas: available = 0 } = status ?? {};
  const isUpdating = status?.currentRevision !== status?.updateRevision;
  const wanted = made - (spec?.updateStrategy?.rollingUpdate?.partition ?? 0);
  if (!isUpdating || updated >= wanted || made - available > standing) return false;
  return statefulSetStalls(spec ?? {}, standing, limitOf(spec));
}

/** A cluster that ignores `maxUnavailable` of a StatefulSet does not store it either. */
export function limitOf(spec: Workload['spec']): Limit {
  return spec?.updateStrategy?.rollingUpdate?.maxUnavailable === undefined ? 'may-count' : 'counts';
}

/** The same for a DaemonSet. */
export function isDaemonSetStuck(workload: Workload, standing: number): boolean {
  const {
    desiredNumberScheduled: nodes = 0,
    updatedNumberScheduled: updated = 0,
    numberAvailable: available = 0,
  } = workload.status ?? {};
  const unavailable = nodes - available;
  if (updated >= nodes || unavailable > standing) return false;
  // With fewer unavailable nodes than standby pods, some standby pods run beside an old pod that is available.
  return daemonSetStalls(rolloutOf(workload), nodes, standing, unavailable < standing ? 'first' : 'later');
}
