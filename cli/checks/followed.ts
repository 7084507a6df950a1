import { CLUSTERS } from '../../cnpg/cluster.ts';
import type { ObjectKey } from '../../kubernetes/api.ts';
import { isNotFound } from '../../kubernetes/errors.ts';
import { clusterOf } from '../cluster/subject.ts';
import { type Check, type Finding, problem, type Result } from './check.ts';
import type { World } from './world.ts';

export const FOLLOWED: Check = {
  name: 'followed',
  title: 'the followed Cluster and its CRD exist',
  async find(world): Promise<Result> {
    const keys = world.followers.flatMap((follower) => clusterOf(follower) ?? []);
    if (keys.length === 0) return { findings: [], skipped: 'the report names no Cluster of CloudNativePG' };
    const found = await Promise.all(keys.map((key) => cluster(world, key)));
    return { findings: found.flat() };
  },
};

async function cluster({ api, abort }: World, key: Required<ObjectKey>): Promise<Finding[]> {
  try {
    await api.list(CLUSTERS, { namespace: key.namespace, limit: 1, abort });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const about = `CRD ${CLUSTERS.plural}.${CLUSTERS.group}`;
    const text = 'the API server does not know it: CloudNativePG is not installed';
    return [problem(about, text, 'Install the operator; the chart does it with cloudnativepg.install=true.')];
  }
  try {
    await api.get(CLUSTERS, key, { abort });
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
