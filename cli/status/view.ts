import { databaseMember } from '../../contract/databases.ts';
import { followerOf, LABELS } from '../../contract/names.ts';
import { HOLD_REASONS, holdReason } from '../../contract/reasons.ts';
import type { Gate } from '../../contract/sidecar.ts';
import { type Status, sitesByNode } from '../../contract/status.ts';
import { isReady } from '../../kubernetes/ready.ts';
import type { Lease } from '../../kubernetes/resources.ts';
import { isInjected, isMissed } from '../../webhook/inject/decision.ts';
import type { Published } from '../cluster/followers.ts';
import type { PodDetails } from '../cluster/pod-details.ts';
import { gateOf, isOver, unreadyBecause, workloadOf } from '../cluster/pods.ts';
import { type DnsView, recordsOf } from './dns.ts';
import { type Leader, leaderOf } from './leader.ts';

/** What `status -o json` prints. Times are RFC 3339; what could not be read is null. */
export interface StatusView {
  readonly followers: readonly FollowerView[];
}

export interface FollowerView {
  readonly name: string;
  /** Of the controller. */
  readonly namespace: string;
  /** Null when the ConfigMap is malformed. */
  readonly status: Omit<Status, 'sites'> | null;
  /** What to do, while the phase is `Held`. */
  readonly advice: string | null;
  readonly leader: Leader | null;
  readonly sites: readonly SiteView[];
  readonly dns: readonly DnsView[];
  readonly workloads: readonly WorkloadView[];
  /** Pods with a problem. */
  readonly attention: readonly Attention[];
}

export interface Count {
  readonly ready: number;
  readonly total: number;
}

export interface SiteView {
  readonly name: string;
  readonly active: boolean;
  readonly nodes: readonly string[];
  readonly pods: Count | null;
}

export interface WorkloadView {
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
  readonly gate: Gate;
  /** By site; the empty name has the pods without a node, or on a node in no site. */
  readonly sites: Readonly<Record<string, Count>>;
}

export interface Attention {
  readonly namespace: string;
  readonly pod: string;
  /** Empty: none. */
  readonly site: string;
  readonly problem: 'NotReady' | 'ReadyOnStandby' | 'NoSidecar' | 'NoSite';
  readonly detail: string;
}

/** What the view of one follower is made of. */
export interface Scene {
  readonly published: Published;
  /** Undefined when the user may not list them. */
  readonly pods: readonly PodDetails[] | undefined;
  readonly lease: Lease | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export function viewOf({ published, pods, lease, now }: Scene): FollowerView {
  const { follower, namespace, status } = published;
  const sites = status?.sites ?? {};
  const siteOf = sitesByNode(sites);
  const own = pods
    ?.filter(
      (pod) => !isOver(pod) && followerOf(pod.metadata) === follower && databaseMember(pod) === undefined,
    )
    .map((pod): Placed => ({ pod, site: siteOf.get(pod.spec?.nodeName ?? '') ?? '' }));
  return {
    name: follower,
    namespace,
    status: status === undefined ? null : withoutSites(status),
    advice: status === undefined ? null : adviceFor(status),
    leader: lease === undefined ? null : leaderOf(lease, now),
    sites: Object.entries(sites).map(([name, nodes]) => ({
      name,
      active: name === status?.activeSite,
      nodes,
      pods: own === undefined ? null : count(own.filter(({ site }) => site === name)),
    })),
    dns: recordsOf(published),
    workloads: workloadsOf(own ?? []),
    attention: (own ?? []).flatMap((placed) => attentionTo(placed, status?.activeSite ?? '', namespace)),
  };
}

interface Placed {
  readonly pod: PodDetails;
  readonly site: string;
}

function withoutSites(status: Status): Omit<Status, 'sites'> {
  const { sites: _, ...rest } = status;
  return rest;
}

function adviceFor(status: Status): string | null {
  const code = holdReason(status);
  return code === undefined ? null : HOLD_REASONS[code].action;
}

function count(placed: readonly Placed[]): Count {
  return { ready: placed.filter(({ pod }) => isReady(pod)).length, total: placed.length };
}

function workloadsOf(placed: readonly Placed[]): WorkloadView[] {
  const groups = Map.groupBy(placed, ({ pod }) => {
    const { kind, name } = workloadOf(pod);
    return JSON.stringify([pod.metadata.namespace ?? '', name, kind]);
  });
  return [...groups]
    .toSorted(([one], [other]) => one.localeCompare(other, 'en'))
    .map(([key, members]) => {
      const [namespace = '', name = '', kind = ''] = JSON.parse(key) as string[];
      const [first] = members;
      const bySite = [...Map.groupBy(members, ({ site }) => site)].map(([site, there]) => [
        site,
        count(there),
      ]);
      const gate = first === undefined ? 'readiness' : gateOf(first.pod);
      return { namespace, kind, name, gate, sites: Object.fromEntries(bySite) };
    });
}

function attentionTo({ pod, site }: Placed, activeSite: string, controllerNamespace: string): Attention[] {
  const about = { namespace: pod.metadata.namespace ?? '', pod: pod.metadata.name, site };
  if (!isInjected(pod)) {
    if (!isMissed(pod, controllerNamespace)) return [];
    const detail = `it has the label ${LABELS.inject}, but no sidecar: it was created before it asked, or while nothing injected. Delete it, and its successor gets it`;
    return [{ ...about, problem: 'NoSidecar', detail }];
  }
  if (site === '' && (pod.spec?.nodeName ?? '') !== '') {
    return [{ ...about, problem: 'NoSite', detail: `its node ${pod.spec?.nodeName} is in no site` }];
  }
  const ready = isReady(pod);
  const gate = gateOf(pod);
  if (gate !== 'none' && site !== activeSite && ready) {
    return [
      {
        ...about,
        problem: 'ReadyOnStandby',
        detail: `it still takes traffic in ${site}, which is not active`,
      },
    ];
  }
  const isExpected = gate !== 'none' && site !== activeSite && site !== '';
  return ready || isExpected ? [] : [{ ...about, problem: 'NotReady', detail: unreadyBecause(pod) }];
}
