import { ANNOTATIONS } from '../../contract/names.ts';
import { aloneBy } from './alone.ts';
import {
  DEFAULT_SHARE,
  daemonSetStalls,
  deploymentStalls,
  deploymentSteps,
  type Rollout,
  type RolloutSpec,
  statefulSetStalls,
} from './rollouts.ts';
import type { Workload } from './shape.ts';

const OR = `or the annotation ${ANNOTATIONS.gate}: none`;
/** By as many nodes is tried whether a DaemonSet stalls: how many it will have, nobody knows yet. */
const MANY_NODES = 100;

const BY_HAND = 'set updateStrategy.type: OnDelete, and delete its pods yourself';

/** What lets an update go on; `standing` pods stand by. Of each a test proves that it does. */
export const REMEDIES = {
  Deployment: (standing: number, spec: RolloutSpec) =>
    aloneBy(spec.template)
      ? `set strategy.rollingUpdate to maxUnavailable: ${Math.min(standing + 1, spec.replicas ?? 1)} and maxSurge: 0`
      : `set strategy.rollingUpdate to maxUnavailable: ${standing} (as many as stand by) and maxSurge: 1`,
  StatefulSet: BY_HAND,
  DaemonSet: `${BY_HAND}, or maxUnavailable: 100%, maxSurge: 0 (all at once)`,
  start: 'set podManagementPolicy: Parallel and updateStrategy.type: OnDelete',
} as const;

/** Why the pods of a workload may wait for each other for ever, as those on a standby site never get ready. */
export function stallWarnings(kind: string, { spec }: Workload): string[] {
  if (spec.template.metadata?.annotations?.[ANNOTATIONS.gate] === 'none') return [];
  switch (kind) {
    case 'Deployment':
      return ofDeployment(spec);
    case 'StatefulSet':
      return ofStatefulSet(spec);
    case 'DaemonSet':
      return ofDaemonSet(spec);
    default:
      return [];
  }
}

/** Of two sites that share the pods the active one has the smaller half: with more sites, or an uneven share, more stand by. */
function standbysOf(pods: number): number {
  return Math.ceil(pods / 2);
}

function ofDeployment(spec: Workload['spec']): string[] {
  const replicas = spec.replicas ?? 1;
  const standing = standbysOf(replicas);
  if (!deploymentStalls(spec, standing)) return [];
  const { missing, more } = deploymentSteps(spec);
  const { maxUnavailable, maxSurge } = spec.strategy?.rollingUpdate ?? {};
  const is = `maxUnavailable: ${maxUnavailable ?? DEFAULT_SHARE} (${missing} of ${replicas}), maxSurge: ${maxSurge ?? DEFAULT_SHARE} (${more})`;
  const alone = aloneBy(spec.template);
  const why = alone === undefined ? 'standbys stay unready' : `${alone} keeps pods apart`;
  return [`${why}, so with ${is} an update stops: ${REMEDIES.Deployment(standing, spec)}, ${OR}`];
}

function ofStatefulSet(spec: Workload['spec']): string[] {
  const replicas = spec.replicas ?? 1;
  const standing = standbysOf(replicas);
  const isOrdered = spec.podManagementPolicy !== 'Parallel';
  if (replicas > 1 && isOrdered) {
    return [`on a standby site pods stay unready and the next one waits for ever: ${REMEDIES.start}, ${OR}`];
  }
  // Neither a file nor a review tells what the cluster makes of maxUnavailable.
  if (!statefulSetStalls(spec, standing, 'may-count')) return [];
  const isEarlier = !statefulSetStalls(spec, standing, 'counts');
  const why = isEarlier
    ? 'before Kubernetes 1.35, which looks at maxUnavailable, an update stops at the first pod that stands by'
    : 'on a standby site pods stay unready, and an update stops at the first of them';
  return [`${why}: ${REMEDIES.StatefulSet}, ${OR}`];
}

function ofDaemonSet(spec: Workload['spec']): string[] {
  const nodes = Array.from({ length: MANY_NODES - 1 }, (_, index) => index + 2);
  const stalls = (rollout: Rollout) =>
    nodes.some((count) => daemonSetStalls(spec, count, standbysOf(count), rollout));
  const isLater = stalls('later');
  if (!isLater && !stalls('first')) return [];
  const surges = daemonSetStalls(spec, MANY_NODES, 0, 'first');
  const why = surges
    ? `${aloneBy(spec.template)} keeps pods apart, so with maxSurge an update stops`
    : isLater
      ? 'standbys stay unready, so an update may stop before the active site'
      : 'with maxSurge the rollout of the sidecar stops at a standby site';
  return [`${why}: ${REMEDIES.DaemonSet}, ${OR}`];
}
