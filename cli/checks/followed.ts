import { CLUSTERS, CNPG_LABELS } from '../../cnpg/cluster.ts';
import type { ObjectKey } from '../../kubernetes/api.ts';
import { ignoreNotFound } from '../../kubernetes/errors.ts';
import { POD_DETAILS } from '../cluster/pod-details.ts';
import { clusterOf } from '../cluster/subject.ts';
import { type Check, type Finding, problem, type Result, skip } from './check.ts';
import { type Advice, unstarted } from './unstarted.ts';
import type { World } from './world.ts';

const ADVICE: Advice = {
  image:
    'Correct spec.imageName of the Cluster, in the chart postgres.imageName, or see whether the nodes reach its registry.',
  node: 'See that each zone has a node, and that a volume fits: spec.storage of the Cluster, in the chart postgres.storage.',
};

export const FOLLOWED: Check = {
  name: 'followed',
  title: 'the followed Cluster and its CRD exist, and its pods can start',
  async find(world): Promise<Result> {
    const keys = world.followers.flatMap((follower) => clusterOf(follower, 'cnpg') ?? []);
    if (keys.length === 0) return skip('the report names no Cluster of CloudNativePG');
    const found = await Promise.all(keys.map((key) => findingsOf(world, key)));
    return { findings: found.flat() };
  },
};

async function findingsOf(
  world: World,
  { namespace, name }: Required<ObjectKey>,
): Promise<readonly Finding[]> {
  const { api } = world;
  const page = await api.list(CLUSTERS, { namespace, limit: 1 }).catch(ignoreNotFound);
  if (page === undefined) {
    const about = `CRD ${CLUSTERS.plural}.${CLUSTERS.group}`;
    const text = 'the API server does not know it: CloudNativePG is not installed';
    return [problem(about, text, 'Install the operator; the chart does it with cloudnativepg.install=true.')];
  }
  const cluster = await api.get(CLUSTERS, { namespace, name }).catch(ignoreNotFound);
  if (cluster === undefined) {
    const action = 'Check CNPG_NAMESPACE and CNPG_CLUSTER_NAME, or create the Cluster.';
    return [problem(`Cluster ${namespace}/${name}`, 'it does not exist', action)];
  }
  const labelSelector = `${CNPG_LABELS.cluster}=${name}`;
  return unstarted(await world.list(POD_DETAILS, { namespace, labelSelector }), ADVICE);
}
