import type { Cluster } from './cluster.ts';

/**
 * Whether it replicates from another Cluster and takes no writes, as the operator itself judges it: `enabled` counts
 * where it is set, else `primary` has to name `self`, which is the Cluster’s own name unless it says otherwise.
 * Source: CloudNativePG, Cluster.IsReplica.
 */
export function isReplica({ metadata, spec = {} }: Cluster): boolean {
  const { replica } = spec;
  if (replica === undefined) return false;
  return replica.enabled ?? (replica.self || metadata.name) !== replica.primary;
}

/**
 * No replica cluster any more, but its instances wait until all that the token of the demoted one tells of has arrived.
 * An instance writes the token down when it is the primary. Source: CloudNativePG, ShouldPromoteFromReplicaCluster.
 */
export function awaitsToken({ spec = {}, status = {} }: Cluster): boolean {
  const { promotionToken = '' } = spec.replica ?? {};
  return promotionToken !== '' && promotionToken !== status.lastPromotionToken;
}

/**
 * A replica cluster that is promoted without a token gives no sign of its own: until the operator has looked again, its
 * status tells of before. So whoever has seen it as a replica cluster waits for that look.
 */
export class Promotion {
  #awaited: string | undefined;

  /** To be told each Cluster that was read; true while it is promoted. */
  isUnderWay(cluster: Cluster): boolean {
    const { uid } = cluster.metadata;
    if (isReplica(cluster)) this.#awaited = uid;
    else if (this.#awaited !== uid || !isSeenAsReplica(cluster)) this.#awaited = undefined;
    return this.#awaited !== undefined && !isReplica(cluster);
  }
}

/** By the operator's last look at the instances. */
export function isSeenAsReplica({ status = {} }: Cluster): boolean {
  const { currentPrimary = '', instancesReportedState = {} } = status;
  return instancesReportedState[currentPrimary]?.isPrimary === false;
}
