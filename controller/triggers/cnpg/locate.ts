import { type Cluster, isOwnedBy, PENDING } from '../../../cnpg/cluster.ts';
import { isHibernated } from '../../../cnpg/hibernation.ts';
import { awaitsToken, isReplica } from '../../../cnpg/replica.ts';
import type { HoldReason } from '../../../contract/reasons.ts';
import type { Pod } from '../../../kubernetes/resources.ts';
import { isObjectName } from '../../../runtime/object-names.ts';
import { placeOf } from '../pod-place.ts';
import type { Observation, Unknown } from '../trigger.ts';

/** The pod of the primary, or why there is none. */
export function primaryOf(cluster: Cluster): { pod: string } | Unknown {
  const name = `Cluster ${cluster.metadata.namespace}/${cluster.metadata.name}`;
  const { currentPrimary = '' } = cluster.status ?? {};
  if (cluster.metadata.deletionTimestamp !== undefined) {
    return unknown('ClusterDeleting', `${name} is being deleted`, cluster);
  }
  if (isReplica(cluster)) {
    const { primary = '', source = '' } = cluster.spec?.replica ?? {};
    const origin = primary || source;
    return unknown('ReplicaCluster', `${name} is a replica cluster of ${origin}`, cluster);
  }
  if (awaitsToken(cluster)) return promoting(cluster);
  if (currentPrimary === '') return unknown('PrimaryEmpty', `${name} has no current primary`, cluster);
  if (currentPrimary === PENDING) return unknown('PrimaryPending', `${name} is choosing a primary`, cluster);
  // As part of a path it could lead anywhere.
  if (!isObjectName(currentPrimary))
    return unknown('SourceInvalid', `${name} has a current primary that is no pod’s name`, cluster);
  return { pod: currentPrimary };
}

/** It is no replica cluster any more, but takes no writes yet. */
export function promoting(cluster: Cluster): Unknown {
  const { namespace, name } = cluster.metadata;
  return unknown(
    'ReplicaCluster',
    `Cluster ${namespace}/${name} is being promoted from a replica cluster`,
    cluster,
  );
}

/** Where the primary runs. `pod` is undefined when it does not exist. */
export function locate(cluster: Cluster, primary: string, pod: Pod | undefined): Observation {
  const { namespace, name: clusterName, uid } = cluster.metadata;
  const name = `pod ${namespace}/${primary}`;
  const place = pod === undefined ? undefined : placeOf(pod);
  // Its pods run until the operator has seen all healthy, and then go on purpose.
  if (isHibernated(cluster) && !isStaying(place)) {
    const message = `Cluster ${namespace}/${clusterName} is hibernated: its pods are taken away on purpose`;
    return unknown('ClusterHibernated', message, cluster);
  }
  if (pod === undefined || place === undefined) {
    return unknown('PodNotFound', `${name} does not exist`, cluster);
  }
  if (!isOwnedBy(pod, cluster)) {
    return unknown('PodOfOtherCluster', `${name} is not of the Cluster with UID ${uid}`, cluster);
  }
  if (place.kind === 'unknown') return unknown(place.reason, place.message, cluster);
  const movedAt = cluster.status?.currentPrimaryTimestamp;
  return { ...place, ...moving(cluster), ...(movedAt !== undefined && { movedAt }) };
}

function isStaying(place: Observation | undefined): boolean {
  return place?.kind === 'located' && place.movingTo === undefined;
}

function unknown(reason: HoldReason, message: string, cluster: Cluster): Unknown {
  return { kind: 'unknown', reason, message, ...moving(cluster) };
}

/** A switchover or failover is under way while the two differ; an empty target is a Cluster being made. */
function moving({ status = {} }: Cluster): { movingTo?: string } {
  const { currentPrimary = '', targetPrimary = '' } = status;
  return targetPrimary === '' || targetPrimary === currentPrimary ? {} : { movingTo: targetPrimary };
}
