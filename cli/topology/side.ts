import { BACKUPS, CLUSTERS, type Cluster, CNPG_LABELS } from '../../cnpg/cluster.ts';
import { runningBackupsOf } from '../../cnpg/promotion.ts';
import { selfOf } from '../../cnpg/topology.ts';
import type { Status } from '../../contract/status.ts';
import type { KubeApi, ObjectKey } from '../../kubernetes/api.ts';
import { listAll } from '../../kubernetes/pages.ts';
import { PODS, type Pod } from '../../kubernetes/resources.ts';
import type { Clock } from '../../runtime/clock.ts';
import { mayI } from '../cluster/access.ts';
import { findFollowers, type Published, pickFollower } from '../cluster/followers.ts';
import type { Session } from '../cluster/session.ts';
import { topologyClusterOf } from '../cluster/subject.ts';
import { CommandError } from '../exit-codes.ts';
import { mayBeLed } from '../status/leader.ts';

/** One Kubernetes cluster of a topology: what is asked for with its own context, and nothing else is. */
export interface Side {
  /** As the kubeconfig calls it. */
  readonly context: string;
  readonly api: KubeApi;
  readonly published: Published;
  /** Where it is. */
  readonly site: string;
  readonly key: Required<ObjectKey>;
}

/** All that is looked at before something is changed. */
export interface SideState {
  readonly side: Side;
  readonly cluster: Cluster;
  /** Its instances. */
  readonly pods: readonly Pod[];
  readonly runningBackups: readonly string[];
  /** Whether whoever runs the command may patch the Cluster. */
  readonly mayPatch: boolean;
  /** Whether a controller leads: without one nothing would follow. */
  readonly isLed: boolean;
}

export function nameOf({ cluster }: Pick<SideState, 'cluster'>): string {
  return selfOf(cluster);
}

/** Throws KubeError, CommandError. */
export async function findSide(
  session: Session,
  context: string,
  { namespace, follower }: { readonly namespace: string | undefined; readonly follower: string | undefined },
  abort: AbortSignal,
): Promise<Side> {
  const all = await findFollowers(session, namespace, abort);
  const inTopology = all.filter((one) => topologyClusterOf(one) !== undefined);
  if (inTopology.length === 0) {
    const kinds = 'none of its followers has the trigger cnpg-topology';
    throw new CommandError('refused', `Context ${context}: ${kinds}, or the report does not say so yet.`);
  }
  const published = pickFollower(inTopology, follower);
  const key = topologyClusterOf(published);
  const site = siteOf(published.status);
  if (key === undefined || site === undefined) {
    throw new CommandError(
      'unreachable',
      `Context ${context}: the status of follower ${published.follower} does not say which site this is.`,
    );
  }
  return { context, api: session.api, published, site, key };
}

/** All nodes of a Kubernetes cluster are of its own site. */
export function siteOf(status: Status | undefined): string | undefined {
  const own = Object.entries(status?.sites ?? {}).filter(([, nodes]) => nodes.length > 0);
  return own.length === 1 ? own[0]?.[0] : undefined;
}

/** Throws KubeError. */
export async function lookAtSide(side: Side, clock: Clock, abort: AbortSignal): Promise<SideState> {
  const { api, published, key } = side;
  const { namespace, name } = key;
  const patch = { namespace, verb: 'patch', group: CLUSTERS.group, resource: CLUSTERS.plural, name };
  const [cluster, pods, backups, mayPatch, isLed] = await Promise.all([
    api.get(CLUSTERS, key, { abort }),
    listAll(api, PODS, { namespace, labelSelector: `${CNPG_LABELS.cluster}=${name}`, abort }),
    listAll(api, BACKUPS, { namespace, abort }),
    mayI(api, patch, abort),
    mayBeLed(api, published.namespace, clock, abort),
  ]);
  const instances = pods.filter(({ metadata }) => metadata.labels?.[CNPG_LABELS.podRole] === 'instance');
  const runningBackups = runningBackupsOf(backups, name);
  return { side, cluster, pods: instances, runningBackups, mayPatch, isLed };
}
