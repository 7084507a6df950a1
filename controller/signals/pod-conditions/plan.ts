import { databaseMember } from '../../../contract/databases.ts';
import {
  FOLLOWED,
  type FollowedCandidate,
  type FollowedPods,
  followedCandidate,
  isFollowed,
} from '../../../contract/followed.ts';
import { followerOf } from '../../../contract/names.ts';
import { ACTIVE_CONDITION } from '../../../contract/routing.ts';
import type { ObjectKey } from '../../../kubernetes/api.ts';
import { cut } from '../../../kubernetes/cut.ts';
import type { Pod } from '../../../kubernetes/resources.ts';

/** What a pod's readiness hangs on. */
export interface GatedPod {
  readonly key: Required<ObjectKey>;
  readonly uid: string;
  readonly version: string;
  readonly follower: string;
  /** What of a database it is, and why it never waits for a site. Undefined: an application. */
  readonly member: string | undefined;
  /** By which it is known as a member of what is followed. */
  readonly metadata: NonNullable<FollowedCandidate['metadata']>;
  /** Empty until it is scheduled. */
  readonly node: string;
  /** `True`, `False`, or empty while nobody has set the condition. */
  readonly active: string;
  /** Where it stood when that was written; undefined: nowhere, or that is not known. */
  readonly lastSite: string | undefined;
}

export interface DesiredCondition {
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

/** Which pods are written first at a move: those that get ready, or those that cease to be. */
export const CONDITION_ORDERS = ['new-site-first', 'old-site-first'] as const;
export type ConditionOrder = (typeof CONDITION_ORDERS)[number];

export interface ConditionGoal {
  readonly site: string;
  readonly epoch: number;
  readonly siteOf: ReadonlyMap<string, string>;
  readonly followed: FollowedPods | undefined;
}

const MAX_NAME = 253;
/** `True`, `False` and `Unknown` have fewer. */
const MAX_STATUS = 16;
/** Two names of sites, an epoch and a sentence. */
const MAX_MESSAGE = 1_024;

export function gatedPod(pod: Pod): GatedPod {
  const { metadata, spec, status } = pod;
  const { namespace = '', name, uid = '', resourceVersion = '' } = metadata;
  const condition = status?.conditions?.find(({ type }) => type === ACTIVE_CONDITION);
  return {
    key: { namespace, name },
    uid,
    version: resourceVersion,
    // Longer than any name of a follower it is somebody's who wants to fill our memory.
    follower: cut(followerOf(metadata), MAX_NAME),
    member: databaseMember(pod),
    metadata: followedCandidate(metadata),
    node: spec?.nodeName ?? '',
    active: cut(condition?.status ?? '', MAX_STATUS),
    lastSite: lastSiteOf(condition?.message ?? ''),
  };
}

function lastSiteOf(message: string): string | undefined {
  const site = LAST_SITE.exec(cut(message, MAX_MESSAGE))?.[1];
  return site === undefined ? undefined : cut(site, MAX_NAME);
}

/** In the message of a condition, as {@link desiredCondition} has it; where it stood in no site, there is none. */
const LAST_SITE = /; this pod is in (\S+)$/;

/** What its condition has to say; undefined while nothing can be said: it has no node, or no site is active. */
export function desiredCondition(
  pod: GatedPod,
  goal: ConditionGoal | undefined,
): DesiredCondition | undefined {
  const { node, lastSite } = pod;
  const member = memberOf(pod, goal);
  if (member !== undefined) {
    // No site may ever become active before it is ready.
    return {
      status: 'True',
      reason: 'DatabaseMember',
      message: `it waits for no site: it is ${member}`,
    };
  }
  if (node === '' || goal === undefined) return undefined;
  // A pod whose node stands in no site has not moved: what was last known of it holds.
  const site = goal.siteOf.get(node) ?? lastSite;
  const message = `${goal.site} is active, epoch ${goal.epoch}; this pod is in ${site ?? 'no site'}`;
  if (site === goal.site) return { status: 'True', reason: 'ActiveSite', message };
  return { status: 'False', reason: site === undefined ? 'NodeWithoutSite' : 'StandbySite', message };
}

/** What of the followed set it is. */
export function memberOf(
  { member, key, metadata }: GatedPod,
  goal: ConditionGoal | undefined,
): string | undefined {
  if (member !== undefined || goal?.followed === undefined) return member;
  return isFollowed({ metadata }, key.namespace, goal.followed) ? FOLLOWED : undefined;
}

/** The strategic merge patch of its status: a compare-and-set, and for no other pod of the same name. */
export function conditionPatch(pod: GatedPod, wanted: DesiredCondition, now: string): object {
  const condition = { type: ACTIVE_CONDITION, ...wanted, lastTransitionTime: now };
  return {
    metadata: { uid: pod.uid, resourceVersion: pod.version },
    status: { conditions: [condition] },
  };
}

/** The pods that have to be written, in two groups: the second waits for the first. */
export function inOrder(
  pods: Iterable<GatedPod>,
  goal: ConditionGoal | undefined,
  order: ConditionOrder,
): { readonly first: readonly GatedPod[]; readonly second: readonly GatedPod[] } {
  const groups = { first: [] as GatedPod[], second: [] as GatedPod[] };
  const leading = order === 'new-site-first' ? 'True' : 'False';
  for (const pod of pods) {
    const wanted = desiredCondition(pod, goal)?.status;
    if (wanted === undefined || wanted === pod.active) continue;
    if (memberOf(pod, goal) !== undefined) {
      groups.first.push(pod);
      continue;
    }
    // One without the condition is unready anyway: that it stays so takes nothing away from anybody.
    const staysUnready = pod.active === '' && wanted === 'False';
    groups[wanted === leading || staysUnready ? 'first' : 'second'].push(pod);
  }
  return groups;
}
