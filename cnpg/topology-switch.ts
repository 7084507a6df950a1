/**
 * How the primary of a distributed topology is moved: demote the one, take its token, promote the other with it. Which step
 * is next is read from the two Clusters alone, so that whoever begins again goes on where another one was interrupted.
 * Source: CloudNativePG, documentation, "Replica clusters", "Demoting a Primary to a Replica Cluster" and "Promoting a
 * Replica to a Primary Cluster". Pure.
 */
import type { Cluster } from './cluster.ts';
import { type DemotionToken, readDemotionToken } from './demotion-token.ts';
import { roleInTopology, selfOf } from './topology.ts';

export interface Pair {
  /** The primary so far. */
  readonly from: Cluster;
  /** The one to be it. */
  readonly to: Cluster;
}

export type Step =
  | { readonly kind: 'demote' }
  /** `missing`: what the operator has not done yet, as a clause. */
  | { readonly kind: 'await-demotion' | 'await-promotion'; readonly missing: string }
  | { readonly kind: 'promote'; readonly token: string }
  /** It was demoted itself, and nobody was promoted in its place: it takes the primary back, and lacks nothing. */
  | { readonly kind: 'take-back' }
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly why: string };

export function nextStep({ from, to }: Pair): Step {
  const [one, other] = [roleInTopology(from), roleInTopology(to)];
  const [fromName, toName] = [selfOf(from), selfOf(to)];
  if (one.kind === 'none') return refused(`${fromName} ${one.problem}`);
  if (other.kind === 'none') return refused(`${toName} ${other.problem}`);
  if (one.kind === 'replica') {
    if (other.kind === 'primary') return { kind: 'done' };
    if (other.kind === 'promoting') return { kind: 'await-promotion', missing: other.missing };
    return nextOfTwoReplicas({ from, to });
  }
  if (other.kind !== 'replica') {
    return refused(
      `${fromName} and ${toName} both name themselves the primary: let spec.replica.primary of the one that was promoted earlier name the other one`,
    );
  }
  if (one.kind === 'promoting')
    return refused(`${fromName} is being promoted itself: ${one.missing}. Wait for the end of that`);
  return { kind: 'demote' };
}

/**
 * Neither is named by itself: one of them was demoted and the other one not promoted yet. Which one it was the timelines
 * tell: each promotion begins a higher one, and a Cluster keeps that of when it was the primary.
 */
function nextOfTwoReplicas({ from, to }: Pair): Step {
  if (isInTransition(to)) {
    return isInTransition(from)
      ? refused('both are being demoted')
      : { kind: 'await-demotion', missing: 'its demotion, which was begun the other way, has not ended' };
  }
  if (isInTransition(from)) return awaitDemotion(from, to);
  const [given, own] = [lastToken(from, to), lastToken(to, from)];
  if (given !== undefined && (own === undefined || isLater(given, own))) {
    const { primary } = from.spec?.replica ?? {};
    if (primary !== selfOf(to)) return refused(`${selfOf(from)} was demoted in favour of ${primary}`);
    return { kind: 'promote', token: from.status?.demotionToken ?? '' };
  }
  if (own !== undefined) return { kind: 'take-back' };
  return awaitDemotion(from, to);
}

function awaitDemotion(from: Cluster, to: Cluster): Step {
  const { primary } = from.spec?.replica ?? {};
  if (primary !== selfOf(to)) return refused(`${selfOf(from)} was demoted in favour of ${primary}`);
  return { kind: 'await-demotion', missing: 'its demotion has not ended: there is no status.demotionToken' };
}

/**
 * The operator has begun to demote it, or has last seen that it takes writes. Then spec.replica must not be turned back: it
 * would stay fenced. Source: CloudNativePG, replicaclusterswitch.Reconcile, which does nothing for what is no replica.
 */
function isInTransition({ status = {} }: Cluster): boolean {
  const { currentPrimary = '', instancesReportedState = {} } = status;
  return (
    status.switchReplicaClusterStatus?.inProgress === true ||
    instancesReportedState[currentPrimary]?.isPrimary === true
  );
}

/** Its token, unless it is of an earlier demotion: since when it or the other one was the primary of a later timeline. */
function lastToken({ status = {} }: Cluster, other: Cluster): DemotionToken | undefined {
  const token = readDemotionToken(status.demotionToken ?? '');
  const reached = Math.max(status.timelineID ?? 0, other.status?.timelineID ?? 0);
  return token !== undefined && token.timeline >= reached ? token : undefined;
}

function isLater(one: DemotionToken, other: DemotionToken): boolean {
  return one.timeline === other.timeline ? one.lsn > other.lsn : one.timeline > other.timeline;
}

function refused(why: string): Step {
  return { kind: 'refused', why };
}

/**
 * Merge patches of the Cluster, each refused where anybody has changed it since it was read. A replica cluster must not have
 * a token, and `source` must be one that has a primary to replicate from.
 */
export function demotionPatch({ metadata }: Cluster, primary: string) {
  return patch(metadata.resourceVersion, { primary, source: primary, promotionToken: null });
}

/** Both at once: without its token a promotion is a failover, and the former primary has to be made anew. */
export function topologyPromotionPatch(cluster: Cluster, token: string | null) {
  return patch(cluster.metadata.resourceVersion, { primary: selfOf(cluster), promotionToken: token });
}

function patch(resourceVersion: string | undefined, replica: object) {
  return { metadata: { resourceVersion }, spec: { replica } };
}
