import { ANNOTATIONS } from '../../contract/names.ts';
import { aloneBy, type Placed } from './alone.ts';
import { pinnedBy } from './pinned.ts';
import {
  DEFAULT_SHARE,
  daemonSetStalls,
  deploymentStalls,
  deploymentSteps,
  isAloneIn,
  type Rollout,
  type RolloutSpec,
  statefulSetStalls,
} from './rollouts.ts';
import type { Workload } from './shape.ts';

const OR = `or the annotation ${ANNOTATIONS.gate}: none`;
/** Up to this many pods are tried where their number is not known yet. */
const MANY = 100;

const ALL = 'set rollingUpdate.maxUnavailable: 100% (all at once)';
/** At least half of two or more pods. */
const MOST = '75%';
const BY_HAND = 'set updateStrategy.type: OnDelete, and delete its pods yourself';

/** What lets an update continue with `standing` standby pods; a test proves each. */
export const REMEDIES = {
  Deployment: (standing: number, spec: RolloutSpec) => {
    const isAlone = aloneBy(spec.template, spec.namespace) !== undefined;
    const missing = isAlone ? standing + 1 : standing;
    if (missing >= (spec.replicas ?? 1)) return ALL;
    return `set rollingUpdate to maxUnavailable: ${missing} (if ${standing} stand by), maxSurge: ${isAlone ? 0 : 1}`;
  },
  StatefulSet: BY_HAND,
  DaemonSet: `${BY_HAND}, or maxUnavailable: 100%, maxSurge: 0 (all at once)`,
  start: 'set podManagementPolicy: Parallel and updateStrategy.type: OnDelete',
} as const;

type Spec = Workload['spec'] & Pick<RolloutSpec, 'namespace'>;

/** The range of an autoscaler. */
export interface Scaled {
  readonly least: number;
  readonly most: number;
}

/** Why an update of a workload may stop, as pods on a standby site never become ready. */
export function stallWarnings(kind: string, workload: Workload, scaled?: Scaled): string[] {
  const spec = { ...workload.spec, namespace: workload.metadata?.namespace };
  if (spec.template.metadata?.annotations?.[ANNOTATIONS.gate] === 'none') return [];
  switch (kind) {
    case 'Deployment':
      return ofDeployment(spec, scaled);
    case 'StatefulSet':
      return ofStatefulSet(spec, scaled);
    case 'DaemonSet':
      return ofDaemonSet(spec);
    default:
      return [];
  }
}

/**
 * An estimate of how many pods are standby: the larger half of two sites, or all where they are kept on one site. With more
 * sites, or an uneven share, there are more.
 */
function standbysOf(template: Placed): (pods: number) => number {
  return pinnedBy(template.spec) === undefined ? halfOf : (pods) => pods;
}

function halfOf(pods: number): number {
  return Math.ceil(pods / 2);
}

/** The reason, for a warning. */
function reasonOf({ template, namespace }: Spec): string {
  const pin = pinnedBy(template.spec);
  if (pin !== undefined) return `${pin} may keep all on one site`;
  const alone = aloneBy(template, namespace);
  return alone === undefined ? 'standbys stay unready' : `${alone} pods apart`;
}

/** The possible numbers of pods. The default of `replicas` is 1, but it is also left out for an autoscaler. */
function countsOf(replicas: number | null | undefined, scaled: Scaled | undefined): readonly number[] {
  if (typeof replicas === 'number' && (replicas === 0 || scaled === undefined)) return [replicas];
  const { least, most } = scaled ?? { least: 1, most: MANY };
  const first = Array.from(
    { length: Math.min(Math.max(0, most - least), MANY) },
    (_, index) => least + index,
  );
  return [...first, most];
}

function ofDeployment(spec: Spec, scaled: Scaled | undefined): string[] {
  const counts = countsOf(spec.replicas, scaled);
  const isAlone = isAloneIn(spec);
  const standbys = standbysOf(spec.template);
  const stalls = (replicas: number, strategy = spec.strategy) =>
    deploymentStalls({ ...spec, strategy, replicas }, standbys(replicas), isAlone);
  const replicas = counts.find((count) => stalls(count));
  if (replicas === undefined) return [];
  const { missing, more } = deploymentSteps({ ...spec, replicas });
  const rollingUpdate = spec.strategy?.rollingUpdate ?? {};
  const { maxUnavailable, maxSurge } = rollingUpdate;
  const assumed = scaled === undefined && typeof spec.replicas !== 'number' ? ', replicas not set' : '';
  const is = `maxUnavailable: ${maxUnavailable ?? DEFAULT_SHARE} (${missing} of ${replicas}${assumed}), maxSurge: ${maxSurge ?? DEFAULT_SHARE} (${more})`;
  const share = { rollingUpdate: { ...rollingUpdate, maxUnavailable: MOST } };
  const remedy = () => {
    if (counts.length === 1) {
      return REMEDIES.Deployment(standbys(replicas), { ...spec, replicas });
    }
    if (counts.some((count) => stalls(count, share))) return ALL;
    return `set rollingUpdate.maxUnavailable: ${MOST} (if half of ${counts.at(0)} to ${counts.at(-1)} stand by)`;
  };
  return [`${reasonOf(spec)}, so with ${is} updates stop: ${remedy()}, ${OR}`];
}

function ofStatefulSet(given: Spec, scaled: Scaled | undefined): string[] {
  const replicas = scaled === undefined || given.replicas === 0 ? (given.replicas ?? 1) : scaled.most;
  const spec = { ...given, replicas };
  const standing = standbysOf(spec.template)(replicas);
  const isOrdered = spec.podManagementPolicy !== 'Parallel';
  if (replicas > 1 && isOrdered) {
    return [`on a standby site pods stay unready and the next one waits for ever: ${REMEDIES.start}, ${OR}`];
  }
  // Whether the cluster counts maxUnavailable is unknown here.
  if (!statefulSetStalls(spec, standing, 'may-count')) return [];
  const isEarlier = !statefulSetStalls(spec, standing, 'counts');
  const why = isEarlier
    ? 'before Kubernetes 1.35, which looks at maxUnavailable, an update stops at the first pod that stands by'
    : 'on a standby site pods stay unready, and an update stops at the first of them';
  return [`${why}: ${REMEDIES.StatefulSet}, ${OR}`];
}

function ofDaemonSet(spec: Spec): string[] {
  const why = whyDaemonSet(spec);
  return why === undefined ? [] : [`${why}: ${REMEDIES.DaemonSet}, ${OR}`];
}

function whyDaemonSet(spec: Spec): string | undefined {
  const isAlone = isAloneIn(spec);
  if (daemonSetStalls(spec, MANY, 0, 'first', isAlone)) {
    return `${aloneBy(spec.template, spec.namespace)} pods apart, so with maxSurge an update stops`;
  }
  const counts = Array.from({ length: MANY - 1 }, (_, index) => index + 2);
  const may = (standing: (nodes: number) => number, rollout: Rollout) =>
    counts.some((nodes) => daemonSetStalls(spec, nodes, standing(nodes), rollout, isAlone));
  if (may(halfOf, 'later')) return 'standbys stay unready, so an update may stop before the active site';
  if (may(halfOf, 'first')) return 'with maxSurge the rollout of the sidecar stops at a standby site';
  const pin = pinnedBy(spec.template.spec);
  const stops = pin !== undefined && may((nodes) => nodes, 'first');
  return stops ? `${pin} may keep all on one site, so an update may stop` : undefined;
}
