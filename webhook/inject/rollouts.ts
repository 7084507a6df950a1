/**
 * How the controllers of Kubernetes update a workload while its standby pods never become ready; for the webhook, offline
 * injection and `check`. Sources, in kubernetes/kubernetes below pkg/controller: deployment/rolling.go and
 * util/deployment_util.go, statefulset/stateful_set_control.go, daemon/update.go.
 */

import { aloneBy, type Placed } from './alone.ts';
import type { ReadonlyDeep, Workload } from './shape.ts';

type Spec = Pick<Workload['spec'], 'replicas' | 'podManagementPolicy' | 'strategy' | 'updateStrategy'>;

/** Of a Deployment, StatefulSet or DaemonSet. The namespace is empty where it is not known. */
export type RolloutSpec = ReadonlyDeep<Spec> & {
  readonly template?: Placed | null | undefined;
  readonly namespace?: string | null | undefined;
};

/** The default of a Deployment for `maxUnavailable` and `maxSurge`. */
export const DEFAULT_SHARE = '25%';

/** How many pods may be missing in an update, and how many may be added. */
export interface Steps {
  readonly missing: number;
  readonly more: number;
}

/** Of a Deployment; NaN where a value is neither a number nor a percentage. */
export function deploymentSteps({ replicas, strategy }: RolloutSpec): Steps {
  const pods = replicas ?? 1;
  const { maxSurge, maxUnavailable } = strategy?.rollingUpdate ?? {};
  const more = podsOf(maxSurge ?? DEFAULT_SHARE, pods, Math.ceil);
  const missing = podsOf(maxUnavailable ?? DEFAULT_SHARE, pods, Math.floor);
  // With both 0 no step would be possible.
  return { more, missing: missing === 0 && more === 0 ? 1 : Math.min(missing, pods) };
}

/**
 * Whether an update of a Deployment stops before all pods are new, where `standing` of the old and of the new pods are
 * standby. Old standby pods are deleted first. An old pod of the active site is deleted only while more than the required
 * number are available, which has to hold with all additional pods created, and for the last one.
 */
export function deploymentStalls(spec: RolloutSpec, standing: number, isAlone = isAloneIn(spec)): boolean {
  const { missing, more } = deploymentSteps(spec);
  const pods = spec.replicas ?? 1;
  if (spec.strategy?.type === 'Recreate' || pods === 0 || missing >= pods) return false;
  if (isAlone) return missing <= standing;
  return standing > 0 && (missing < standing || missing + more <= standing);
}

/** Whether `maxUnavailable` of a StatefulSet counts: by default from Kubernetes 1.35 on (MaxUnavailableStatefulSet). */
export type Limit = 'counts' | 'is-ignored' | 'may-count';

/**
 * The same for a StatefulSet. With OrderedReady nothing is updated while any pod is unready. With Parallel the last pod is
 * replaced first; where `maxUnavailable` is ignored, the next one waits until that is ready, and where it counts, until
 * fewer are unready than allowed. Kubernetes 1.35 counts old pods that are unready, too.
 */
export function statefulSetStalls(spec: RolloutSpec, standing: number, limit: Limit): boolean {
  const { replicas, updateStrategy, podManagementPolicy } = spec;
  const pods = replicas ?? 1;
  const { partition, maxUnavailable } = updateStrategy?.rollingUpdate ?? {};
  const updated = pods - (partition ?? 0);
  if (updateStrategy?.type === 'OnDelete' || standing === 0 || updated <= 0) return false;
  if (podManagementPolicy !== 'Parallel') return true;
  if (limit === 'may-count') {
    return statefulSetStalls(spec, standing, 'counts') || statefulSetStalls(spec, standing, 'is-ignored');
  }
  if (limit === 'is-ignored') return updated > 1;
  return standing >= Math.max(1, podsOf(maxUnavailable ?? 1, pods, Math.floor));
}

/** The first one adds the sidecar: the old pods are ready on standby nodes, too. */
export type Rollout = 'first' | 'later';

/**
 * The same for a DaemonSet on `nodes` nodes, `standing` of them standby. An old pod that is unready is always replaced, but
 * new ones that are unready count against `maxUnavailable`. With `maxSurge` the new pod is created beside a ready old one,
 * which stays until the new one is ready: on a standby node for ever.
 */
export function daemonSetStalls(
  spec: RolloutSpec,
  nodes: number,
  standing: number,
  rollout: Rollout,
  isAlone = isAloneIn(spec),
): boolean {
  const { type, rollingUpdate } = spec.updateStrategy ?? {};
  const ready = rollout === 'first' ? nodes : nodes - standing;
  if (type === 'OnDelete' || ready === 0) return false;
  if (podsOf(rollingUpdate?.maxSurge ?? 0, nodes, Math.ceil) > 0) {
    return isAlone || ready + standing > nodes;
  }
  const missing = podsOf(rollingUpdate?.maxUnavailable ?? 1, nodes, Math.ceil);
  return standing > 0 && missing <= standing && missing < nodes;
}

/** Whether a new pod needs a node without an old one. It searches the template, so callers with many counts ask once. */
export function isAloneIn({ template, namespace }: RolloutSpec): boolean {
  return aloneBy(template, namespace) !== undefined;
}

/** The number of pods that a number or a percentage means, rounded as the controller does. */
function podsOf(allowed: number | string, pods: number, round: (pods: number) => number): number {
  const share = /^(\d+)%$/.exec(String(allowed))?.[1];
  return share === undefined ? Number(allowed) : round((Number(share) * pods) / 100);
}
