import { CNPG_LABELS } from '../../cnpg/cluster.ts';
import { selfOf } from '../../cnpg/topology.ts';
import type { Status } from '../../contract/status.ts';
import type { KubeApi, ObjectKey } from '../../kubernetes/api.ts';
import type { Clock } from '../../runtime/clock.ts';
import { findFollowers, type Published, pickFollower, type Search } from '../cluster/followers.ts';
import { clusterOf } from '../cluster/subject.ts';
import { CommandError } from '../exit-codes.ts';
import type { Wanted } from '../status/gather.ts';
import { type ClusterState, readCluster } from '../switchover/cluster.ts';

/** One Kubernetes cluster of a topology; it is asked for its own side alone. */
export interface Side {
  /** Its context in the kubeconfig. */
  readonly context: string;
  readonly api: KubeApi;
  readonly published: Published;
  readonly site: string;
  readonly key: Required<ObjectKey>;
}

/** What is read before something is changed; `pods` are the instances. */
export interface SideState extends ClusterState {
  readonly side: Side;
}

/** The name of its Cluster in the topology. */
export function nameOf({ cluster }: Pick<SideState, 'cluster'>): string {
  return selfOf(cluster);
}

/** Throws KubeError, CommandError. */
export async function findSide(
  session: Search,
  context: string,
  { namespace, follower }: Wanted,
): Promise<Side> {
  const all = await findFollowers(session, namespace).catch(ofContext(context));
  const inTopology = all.filter((one) => clusterOf(one, 'cnpg-topology') !== undefined);
  if (inTopology.length === 0) {
    const kinds = 'none of its followers has the trigger cnpg-topology';
    throw new CommandError('refused', `Context ${context}: ${kinds}, or the report does not say so yet.`);
  }
  const published = pickFollower(inTopology, follower);
  const key = clusterOf(published, 'cnpg-topology');
  const site = siteOf(published.status);
  if (key === undefined || site === undefined) {
    throw new CommandError(
      'unreachable',
      `Context ${context}: the status of follower ${published.follower} does not say which site this is.`,
    );
  }
  return { context, api: session.api, published, site, key };
}

/** Two clusters are asked, and what one of them lacks is said of that one. */
function ofContext(context: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(error.outcome, `Context ${context}: ${error.message}`, error.cause);
  };
}

/** All nodes of a Kubernetes cluster are in its own site. */
function siteOf(status: Status | undefined): string | undefined {
  const own = Object.entries(status?.sites ?? {}).filter(([, nodes]) => nodes.length > 0);
  return own.length === 1 ? own[0]?.[0] : undefined;
}

/** Throws KubeError. */
export async function readSideState(side: Side, clock: Clock, abort: AbortSignal): Promise<SideState> {
  const state = await readCluster(side.api, clock, side.published, side.key, abort).catch(
    ofContext(side.context),
  );
  const instances = state.pods.filter(
    ({ metadata }) => metadata.labels?.[CNPG_LABELS.podRole] === 'instance',
  );
  return { ...state, side, pods: instances };
}
