import { ANNOTATIONS, DEFAULT_FOLLOWER } from '../../../contract/names.ts';
import { ACTIVE_CONDITION } from '../../../contract/routing.ts';
import type { ObjectKey } from '../../../kubernetes/api.ts';
import type { Pod } from '../../../kubernetes/resources.ts';

/** What a pod's readiness hangs on. */
export interface GatedPod {
  readonly key: Required<ObjectKey>;
  readonly uid: string;
  readonly version: string;
  readonly follower: string;
  /** Empty until it is scheduled. */
  readonly node: string;
  /** `True`, `False`, or empty while nobody has set the condition. */
  readonly active: string;
}

/** Which pods are written first at a move: those that get ready, or those that cease to be. */
export const CONDITION_ORDERS = ['new-site-first', 'old-site-first'] as const;
export type ConditionOrder = (typeof CONDITION_ORDERS)[number];

export interface ConditionGoal {
  readonly site: string;
  readonly epoch: number;
  readonly siteOf: ReadonlyMap<string, string>;
  /** RFC 3339. */
  readonly now: string;
}

export function keepGatedPod({ metadata, spec, status }: Pod): GatedPod {
  const { namespace = '', name, uid = '', resourceVersion = '', annotations = {} } = metadata;
  return {
    key: { namespace, name },
    uid,
    version: resourceVersion,
    follower: annotations[ANNOTATIONS.follower] ?? DEFAULT_FOLLOWER,
    node: spec?.nodeName ?? '',
    active: status?.conditions?.find(({ type }) => type === ACTIVE_CONDITION)?.status ?? '',
  };
}

/** Undefined while nothing can be said of it: it has no node. */
export function wantedStatus({ node }: GatedPod, goal: ConditionGoal): 'True' | 'False' | undefined {
  if (node === '') return undefined;
  return goal.siteOf.get(node) === goal.site ? 'True' : 'False';
}

/** The strategic merge patch of its status: a compare-and-set, and for no other pod of the same name. */
export function conditionPatch(pod: GatedPod, status: 'True' | 'False', goal: ConditionGoal): object {
  const site = goal.siteOf.get(pod.node);
  const standby = site === undefined ? 'NodeWithoutSite' : 'StandbySite';
  const condition = {
    type: ACTIVE_CONDITION,
    status,
    reason: status === 'True' ? 'ActiveSite' : standby,
    message: `${goal.site} is active, epoch ${goal.epoch}; this pod is in ${site ?? 'no site'}`,
    lastTransitionTime: goal.now,
  };
  return {
    metadata: { uid: pod.uid, resourceVersion: pod.version },
    status: { conditions: [condition] },
  };
}

/** The pods that have to be written, in two groups: the second waits for the first. */
export function inOrder(
  pods: Iterable<GatedPod>,
  goal: ConditionGoal,
  order: ConditionOrder,
): { readonly first: readonly GatedPod[]; readonly second: readonly GatedPod[] } {
  const groups = { first: [] as GatedPod[], second: [] as GatedPod[] };
  const leading = order === 'new-site-first' ? 'True' : 'False';
  for (const pod of pods) {
    const wanted = wantedStatus(pod, goal);
    if (wanted === undefined || wanted === pod.active) continue;
    // One without the condition is unready anyway: that it stays so takes nothing away from anybody.
    const staysUnready = pod.active === '' && wanted === 'False';
    groups[wanted === leading || staysUnready ? 'first' : 'second'].push(pod);
  }
  return groups;
}
