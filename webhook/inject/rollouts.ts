/**
 * What Kubernetes' own controllers do at an update while some pods never get ready, as those that stand by. One piece of
 * arithmetic for the webhook, offline injection and `check`. Sources, in kubernetes/kubernetes below pkg/controller:
 * deployment/rolling.go and util/deployment_util.go, statefulset/stateful_set_control.go, daemon/update.go.
 */

type Absent = null | undefined;

interface Strategy {
  readonly type?: string | Absent;
  readonly rollingUpdate?:
    | {
        readonly maxUnavailable?: number | string | Absent;
        readonly maxSurge?: number | string | Absent;
        readonly partition?: number | Absent;
      }
    | Absent;
}

/** Of a Deployment, StatefulSet or DaemonSet. */
export interface RolloutSpec {
  readonly replicas?: number | Absent;
  /** Of a Deployment. */
  readonly strategy?: Strategy | Absent;
  /** Of the two others. */
  readonly updateStrategy?: Strategy | Absent;
}

/** Kubernetes' own: what a Deployment has that says nothing, of `maxUnavailable` and `maxSurge` alike. */
export const DEFAULT_SHARE = '25%';

/** How many pods may be missing at an update, and how many there may be besides. */
export interface Steps {
  readonly missing: number;
  readonly more: number;
}

/** Of a Deployment; NaN where something is neither a number nor a share. */
export function deploymentSteps({ replicas, strategy }: RolloutSpec): Steps {
  const pods = replicas ?? 1;
  const { maxSurge, maxUnavailable } = strategy?.rollingUpdate ?? {};
  const more = podsOf(maxSurge ?? DEFAULT_SHARE, pods, Math.ceil);
  const missing = podsOf(maxUnavailable ?? DEFAULT_SHARE, pods, Math.floor);
  // Both nothing would forbid every step.
  return { more, missing: missing === 0 && more === 0 ? 1 : Math.min(missing, pods) };
}

/**
 * Whether an update of a Deployment stops before all pods are new, `standing` of the old ones and of the new ones standing
 * by. Old ones that stand by go first. Then an old pod of the active site goes only while more are available than have
 * to be, which has to hold when all that may be made are made, and for the last one.
 */
export function deploymentStalls(spec: RolloutSpec, standing: number): boolean {
  const { missing, more } = deploymentSteps(spec);
  if (spec.strategy?.type === 'Recreate' || standing === 0 || missing >= (spec.replicas ?? 1)) return false;
  return missing < standing || missing + more <= standing;
}

/**
 * The same of a Statefulset, whatever its podManagementPolicy: a pod is replaced only while fewer are unready than may be,
 * which is one, but for clusters with the feature MaxUnavailableStatefulSet.
 */
export function statefulSetStalls({ replicas, updateStrategy }: RolloutSpec, standing: number): boolean {
  const pods = replicas ?? 1;
  const { partition, maxUnavailable } = updateStrategy?.rollingUpdate ?? {};
  if (updateStrategy?.type === 'OnDelete' || pods < 2 || (partition ?? 0) >= pods) return false;
  return standing > 0 && standing >= Math.max(1, podsOf(maxUnavailable ?? 1, pods, Math.floor));
}

/**
 * The same of a DaemonSet on so many nodes. An old pod that is unready is always replaced, but new ones that are count
 * against `maxUnavailable`. With `maxSurge` only nodes count where the old pod is still ready, so none that stands by.
 */
export function daemonSetStalls({ updateStrategy }: RolloutSpec, nodes: number, standing: number): boolean {
  const { maxSurge, maxUnavailable } = updateStrategy?.rollingUpdate ?? {};
  if (updateStrategy?.type === 'OnDelete' || podsOf(maxSurge ?? 0, nodes, Math.ceil) > 0) return false;
  return standing > 0 && standing < nodes && standing >= podsOf(maxUnavailable ?? 1, nodes, Math.ceil);
}

/** How many pods a number or a share of them is, as the controller in question rounds it. */
function podsOf(allowed: number | string, pods: number, round: (pods: number) => number): number {
  const share = /^(\d+)%$/.exec(String(allowed))?.[1];
  return share === undefined ? Number(allowed) : round((Number(share) * pods) / 100);
}
