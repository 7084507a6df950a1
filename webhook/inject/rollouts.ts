/**
 * What Kubernetes' own controllers do at an update while some pods never get ready, as those that stand by. One piece of
 * arithmetic for the webhook, offline injection and `check`. Sources, in kubernetes/kubernetes below pkg/controller:
 * deployment/rolling.go and util/deployment_util.go, statefulset/stateful_set_control.go, daemon/update.go.
 */

import { aloneBy, type Placed } from './alone.ts';

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
  /** Of a StatefulSet. */
  readonly podManagementPolicy?: string | Absent;
  /** Of a Deployment. */
  readonly strategy?: Strategy | Absent;
  /** Of the two others. */
  readonly updateStrategy?: Strategy | Absent;
  readonly template?: Placed | Absent;
  /** Empty where it is not known. */
  readonly namespace?: string | Absent;
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
export function deploymentStalls(spec: RolloutSpec, standing: number, isAlone = isAloneIn(spec)): boolean {
  const { missing, more } = deploymentSteps(spec);
  const pods = spec.replicas ?? 1;
  if (spec.strategy?.type === 'Recreate' || pods === 0 || missing >= pods) return false;
  if (isAlone) return missing <= standing;
  return standing > 0 && (missing < standing || missing + more <= standing);
}

/** Whether `maxUnavailable` of a StatefulSet counts: by itself from Kubernetes 1.35 on, by MaxUnavailableStatefulSet. */
export type Limit = 'counts' | 'is-ignored' | 'may-count';

/**
 * The same of a StatefulSet, wherever those stand. In order, nothing is updated while any pod is unready. In parallel the
 * last one is replaced first, whatever it is; where `maxUnavailable` is ignored, the next one waits until that is ready,
 * and where it counts, until fewer are unready than may be. Kubernetes 1.35 counts old ones that are unready, too.
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

/** The first one puts the sidecar in: before it, old pods are ready on standby nodes, too. */
export type Rollout = 'first' | 'later';

/**
 * The same of a DaemonSet on so many nodes, `standing` of which stand by. An old pod that is unready is always replaced,
 * but new ones that are count against `maxUnavailable`. With `maxSurge` the new pod is made beside an old one that is
 * ready, which stays until the new one is ready as well: on a standby node for ever.
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

/** Whether a new pod needs a place without an old one. Looks through all of the template: who asks of many counts of pods does so once. */
export function isAloneIn({ template, namespace }: RolloutSpec): boolean {
  return aloneBy(template, namespace) !== undefined;
}

/** How many pods a number or a share of them is, as the controller in question rounds it. */
function podsOf(allowed: number | string, pods: number, round: (pods: number) => number): number {
  const share = /^(\d+)%$/.exec(String(allowed))?.[1];
  return share === undefined ? Number(allowed) : round((Number(share) * pods) / 100);
}
