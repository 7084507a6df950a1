import { PROGRAM } from '../../contract/names.ts';
import { BACKUPS, CLUSTERS, CNPG_LABELS } from '../../controller/triggers/cnpg/cluster.ts';
import type { KubeApi } from '../../kubernetes/api.ts';
import type { Clock } from '../../kubernetes/clock.ts';
import { isForbidden, undefinedIfNotFound } from '../../kubernetes/errors.ts';
import { listAll } from '../../kubernetes/pages.ts';
import { LEASES, NODES, PODS } from '../../kubernetes/resources.ts';
import { mayI } from '../cluster/access.ts';
import type { Published } from '../cluster/followers.ts';
import { clusterOf, subjectOf } from '../cluster/subject.ts';
import { CommandError } from '../exit-codes.ts';
import { leaderOf } from '../status/leader.ts';
import type { Situation } from './plan.ts';

/** Reads all that the plan is made of. Throws KubeError, CommandError. */
export async function lookAtSituation(
  api: KubeApi,
  clock: Clock,
  published: Published,
  site: string,
  signal: AbortSignal,
): Promise<Situation> {
  const { status } = published;
  if (status === undefined) throw new CommandError('unreachable', 'The status ConfigMap cannot be read.');
  if (status.sites[site] === undefined) {
    throw new CommandError(
      'usage',
      `There is no site ${site}; there are: ${Object.keys(status.sites).join(', ')}.`,
    );
  }
  const key = clusterKey(published);
  const { namespace, name } = key;
  const [cluster, pods, nodes, backups, mayPatch, lease] = await Promise.all([
    api.get(CLUSTERS, key, { signal }),
    listAll(api, PODS, { namespace, labelSelector: `${CNPG_LABELS.cluster}=${name}`, signal }),
    listAll(api, NODES, { signal }),
    listAll(api, BACKUPS, { namespace, signal }),
    mayI(
      api,
      {
        namespace,
        verb: 'patch',
        group: CLUSTERS.group,
        resource: CLUSTERS.plural,
        subresource: 'status',
        name,
      },
      signal,
    ),
    api
      .get(LEASES, { namespace: published.namespace, name: PROGRAM }, { signal })
      .catch(undefinedWhereUnknown),
  ]);
  const isLed = lease === undefined || leaderOf(lease, clock.now()).alive;
  return { site, status, cluster, pods, nodes, backups, mayPatch, isLed };
}

export function clusterKey(published: Published): { readonly namespace: string; readonly name: string } {
  const key = clusterOf(published);
  if (key !== undefined) return key;
  const { kind } = subjectOf(published) ?? {};
  const why =
    kind === undefined
      ? 'it is not known yet what it follows: its report lacks that'
      : `it follows by ${kind}, and only the primary of a CloudNativePG Cluster can be moved from here`;
  throw new CommandError('refused', `Follower ${published.follower} cannot be switched over: ${why}.`);
}

/** Without leader election there is none, and not everybody may read it. */
function undefinedWhereUnknown(error: unknown): undefined {
  if (isForbidden(error)) return undefined;
  return undefinedIfNotFound(error);
}
