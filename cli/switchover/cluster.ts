import { type Backup, CLUSTERS, type Cluster, CNPG_LABELS } from '../../cnpg/cluster.ts';
import type { KubeApi, ObjectKey } from '../../kubernetes/api.ts';
import { ignoreNotFound } from '../../kubernetes/errors.ts';
import type { Pod } from '../../kubernetes/resources.ts';
import type { Clock } from '../../runtime/clock.ts';
import { mayI } from '../cluster/access.ts';
import type { Published } from '../cluster/followers.ts';
import { listKept } from '../cluster/kept.ts';
import { POD_DETAILS } from '../cluster/pod-details.ts';
import { BACKUPS } from '../cluster/resources.ts';
import { CommandError } from '../exit-codes.ts';
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
  const [cluster, pods, backups = [], mayPatch, isLed] = await Promise.all([
    api.get(CLUSTERS, { namespace, name }).catch(ignoreNotFound),
    listKept(api, POD_DETAILS, { namespace, labelSelector: `${CNPG_LABELS.cluster}=${name}` }),
    listKept(api, BACKUPS, { namespace }).catch(ignoreNotFound),
    mayI(api, patch),
    mayBeLed(api, published.namespace, clock, abort),
  ]);
  if (cluster === undefined) throw missing(published, `${namespace}/${name}`);
  return { cluster, pods, backups, mayPatch, isLed };
}

/** As after an installation whose database or operator is still to come. */
function missing({ follower, namespace, status }: Published, cluster: string): CommandError {
  const why = status?.reason ? `, and the status says ${status.reason}` : '';
  return new CommandError(
    'unreachable',
    `There is no Cluster ${cluster}, which follower ${follower} follows: it has no primary to move${why.replace(/\.$/, '')}. See what to do about it: kubectl site-follower check -n ${namespace}`,
  );
}
