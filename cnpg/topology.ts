import { type Cluster, HEALTHY } from './cluster.ts';
import { awaitsToken, isReplica, isSeenAsReplica } from './replica.ts';

/** Where a Cluster stands in a distributed topology, by its own `spec.replica`. */
export type Role =
  | { readonly kind: 'none'; readonly problem: string }
  /** `primary`: the name of the Cluster that is the primary, or of that which it replicates from; empty where none is named. */
  | { readonly kind: 'replica'; readonly primary: string }
  | { readonly kind: 'primary' }
  /** Named as the primary, but not one yet. `missing` says which step is, as a clause. */
  | { readonly kind: 'promoting'; readonly missing: string };

/** The name by which the Cluster is known in its topology. Source: CloudNativePG, Cluster.IsReplica. */
export function selfOf({ metadata, spec = {} }: Cluster): string {
  return spec.replica?.self || metadata.name;
}

/**
 * A Cluster is a replica from the moment its specification says so, whatever the operator has done of it yet. It is the
 * primary only when every step of its promotion is done.
 */
export function roleInTopology(cluster: Cluster): Role {
  const { replica } = cluster.spec ?? {};
  if (replica === undefined) return { kind: 'none', problem: 'has no spec.replica' };
  const { primary = '', source = '', enabled } = replica;
  if (isReplica(cluster)) return { kind: 'replica', primary: primary || source };
  if (enabled !== undefined) {
    return {
      kind: 'none',
      problem: 'has spec.replica.enabled, where spec.replica.primary has to name the primary',
    };
  }
  const missing = missingStep(cluster);
  return missing === undefined ? { kind: 'primary' } : { kind: 'promoting', missing };
}

function missingStep(cluster: Cluster): string | undefined {
  if (cluster.status?.switchReplicaClusterStatus?.inProgress === true)
    return 'its demotion has not ended (status.switchReplicaClusterStatus)';
  if (awaitsToken(cluster))
    return 'it has not received all that spec.replica.promotionToken tells of (status.lastPromotionToken)';
  if (isSeenAsReplica(cluster)) return 'the operator has not seen its instance take writes yet';
  return undefined;
}

/**
 * The timeline of the last checkpoint of the instance that is its primary, or that replicates for the others. The
 * Cluster’s own is that of when it was the primary itself, and is all that older operators say of a replica.
 */
export function timelineOf({ status = {} }: Cluster): number {
  const { currentPrimary = '', instancesReportedState = {}, timelineID = 0 } = status;
  return instancesReportedState[currentPrimary]?.timeLineID || timelineID;
}

/** Another text whenever another instance has become the primary, or the one that replicates for the others. */
export function firstInstanceOf({ status = {} }: Cluster): string {
  return `${status.currentPrimary ?? ''} ${status.currentPrimaryTimestamp ?? ''}`;
}

/**
 * It has replicated from another one: the operator says so by a look that is later than the last failover. Until that look
 * a new primary is shown as the replica that it was before, and the phase is not the healthy one. An instance that gave no
 * answer is shown as a replica without a timeline. Source: CloudNativePG, cluster_controller.go, cluster_status.go.
 */
export function wasReplica(cluster: Cluster): boolean {
  const { currentPrimary = '', instancesReportedState = {}, phase } = cluster.status ?? {};
  const { timeLineID = 0 } = instancesReportedState[currentPrimary] ?? {};
  return phase === HEALTHY && timeLineID > 0 && isSeenAsReplica(cluster);
}

/**
 * When the Cluster was last made a replica of another one, as the operator says; empty when it never was. Source:
 * CloudNativePG, replicaclusterswitch.
 */
export function demotedAt({ status = {} }: Cluster): string {
  return status.conditions?.find(({ type }) => type === 'ReplicaClusterSwitch')?.lastTransitionTime ?? '';
}
