import { CLUSTERS } from '../../controller/triggers/cnpg/cluster.ts';
import { isNotFound } from '../../kubernetes/errors.ts';
import { clusterOf } from '../cluster/subject.ts';
import { type Check, type Finding, problem } from './check.ts';
import type { World } from './world.ts';

export const FOLLOWED: Check = {
  name: 'followed',
  title: 'the followed Cluster and its CRD exist',
  async find(world) {
    const found = await Promise.all(world.followers.map((follower) => cluster(world, follower)));
    return { findings: found.flat() };
  },
};

async function cluster({ api, signal }: World, follower: World['followers'][number]): Promise<Finding[]> {
  const key = clusterOf(follower);
  if (key === undefined) return [];
  try {
    await api.list(CLUSTERS, { namespace: key.namespace, limit: 1, signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const about = `CRD ${CLUSTERS.plural}.${CLUSTERS.group}`;
    const text = 'the API server does not know it: CloudNativePG is not installed';
    return [problem(about, text, 'Install the operator; the chart does it with cloudnativepg.install=true.')];
  }
  try {
    await api.get(CLUSTERS, key, { signal });
    return [];
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const about = `Cluster ${key.namespace}/${key.name}`;
    return [
      problem(
        about,
        'it does not exist',
        'Check CNPG_NAMESPACE and CNPG_CLUSTER_NAME, or create the Cluster.',
      ),
    ];
  }
}
