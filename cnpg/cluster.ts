import type { KubeObject } from '../kubernetes/api.ts';
import { type Condition, namespaced, type Pod } from '../kubernetes/resources.ts';

/** The part of a CloudNativePG Cluster that we read. Source: postgresql.cnpg.io/v1, the Cluster CRD. */
export interface Cluster extends KubeObject {
  readonly spec?: {
    readonly instances?: number;
    /** Its place in a distributed topology. */
    readonly replica?: {
      readonly enabled?: boolean;
      readonly self?: string;
      readonly primary?: string;
      readonly source?: string;
      readonly promotionToken?: string;
      readonly minApplyDelay?: string;
    };
    /** The other members of the topology, and itself. */
    readonly externalClusters?: readonly { readonly name: string }[];
  };
  readonly status?: {
    readonly currentPrimary?: string;
    /** RFC 3339 with microseconds. */
    readonly currentPrimaryTimestamp?: string;
    readonly targetPrimary?: string;
    readonly targetPrimaryTimestamp?: string;
    readonly phase?: string;
    readonly phaseReason?: string;
    readonly readyInstances?: number;
    /** Of its primary; a replica cluster keeps that of when it was the primary itself. Source: CloudNativePG, cluster_status.go. */
    readonly timelineID?: number;
    /** Of the database: the same in all Clusters of a topology. */
    readonly systemID?: string;
    /** The last `promotionToken` that was made use of. */
    readonly lastPromotionToken?: string;
    /** What whoever is promoted in its place is given; empty unless it has been demoted. */
    readonly demotionToken?: string;
    readonly switchReplicaClusterStatus?: { readonly inProgress?: boolean };
    readonly instancesStatus?: Readonly<Record<string, readonly string[]>>;
    /** What the operator saw of each instance when it last looked. */
    readonly instancesReportedState?: Readonly<
      Record<string, { readonly isPrimary?: boolean; readonly timeLineID?: number }>
    >;
    readonly conditions?: readonly Condition[];
  };
}

export const CLUSTERS = namespaced<Cluster>('postgresql.cnpg.io/v1', 'clusters', 'Cluster');

/** What the operator writes into targetPrimary while it looks for a new primary. */
export const PENDING = 'pending';

/** In `phase` when the operator sees nothing left to do. Source: its constant PhaseHealthy. */
export const HEALTHY = 'Cluster in healthy state';

export const CNPG_LABELS = {
  cluster: 'cnpg.io/cluster',
  instanceRole: 'cnpg.io/instanceRole',
  podRole: 'cnpg.io/podRole',
} as const;

/** True when the pod belongs to this incarnation of the Cluster: names are reused, UIDs are not. */
export function isOwnedBy(pod: Pod, cluster: Cluster): boolean {
  return (pod.metadata.ownerReferences ?? []).some((owner) => owner.uid === cluster.metadata.uid);
}

/** A backup of a Cluster; only what tells whether one is running. */
export interface Backup extends KubeObject {
  readonly spec?: { readonly cluster?: { readonly name?: string } };
  readonly status?: { readonly phase?: string };
}

export const BACKUPS = namespaced<Backup>('postgresql.cnpg.io/v1', 'backups', 'Backup');
