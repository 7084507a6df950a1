import { type Backup, CLUSTERS, type Cluster, CNPG_LABELS } from '../../cnpg/cluster.ts';
import type { KubeApi, ObjectKey } from '../../kubernetes/api.ts';
import type { Pod } from '../../kubernetes/resources.ts';
import type { Clock } from '../../runtime/clock.ts';
import { mayI } from '../cluster/access.ts';
import type { Published } from '../cluster/followers.ts';
import { listKept } from '../cluster/kept.ts';
import { POD_DETAILS } from '../cluster/pod-details.ts';
import { BACKUPS } from '../cluster/resources.ts';
import { mayBeLed } from '../status/leader.ts';

/** What is read of a Cluster before its primary is moved. */
export interface ClusterState {
  readonly cluster: Cluster;
  readonly pods: readonly Pod[];
  /** Of all Clusters in its namespace. */
  readonly backups: readonly Backup[];
  /** Whether the user of the command may patch it. */
  readonly mayPatch: boolean;
  /** Whether a controller leads: without one nothing would follow. */
  readonly isLed: boolean;
}

/** `subresource` is what is to be patched, if not the Cluster itself. Throws KubeError. */
export async function readCluster(
  api: KubeApi,
  clock: Clock,
  published: Published,
  { namespace, name }: Required<ObjectKey>,
  abort: AbortSignal,
  subresource?: 'status',
): Promise<ClusterState> {
  const { group, plural: resource } = CLUSTERS;
  const patch = { namespace, verb: 'patch', group, resource, name, ...(subresource && { subresource }) };
  const [cluster, pods, backups, mayPatch, isLed] = await Promise.all([
    api.get(CLUSTERS, { namespace, name }, { abort }),
    listKept(api, POD_DETAILS, { namespace, labelSelector: `${CNPG_LABELS.cluster}=${name}`, abort }),
    listKept(api, BACKUPS, { namespace, abort }),
    mayI(api, patch, abort),
    mayBeLed(api, published.namespace, clock, abort),
  ]);
  return { cluster, pods, backups, mayPatch, isLed };
}
