/** Everything that is in a cluster, to see what is left of something that was taken away. */
import { isNotFound } from '../../../kubernetes/errors.ts';
import { explain } from '../../../runtime/explain.ts';
import type { ClusterApi } from './api.ts';

/** What comes and goes by itself. An IPAddress belongs to a Service, which is in the inventory itself. */
const RESTLESS = new Set(['Event', 'PodMetrics', 'NodeMetrics', 'ComponentStatus', 'IPAddress']);

/** `Kind.group namespace/name` of each object. */
export async function inventory(api: ClusterApi): Promise<ReadonlySet<string>> {
  const resources = (await api.resources()).filter(({ kind }) => !RESTLESS.has(kind));
  const lists = await Promise.all(
    resources.map(async (resource) => {
      const { kind, group } = resource;
      const type = group === '' ? kind : `${kind}.${group}`;
      try {
        return (await api.metadata(resource)).map(
          ({ namespace = '', name }) => `${type} ${namespace}/${name}`,
        );
      } catch (error) {
        // A kind that has just been taken away has no objects.
        if (isNotFound(error) || explain(error).includes(': 404 ')) return [];
        throw error;
      }
    }),
  );
  return new Set(lists.flat());
}

/** What is in `after` and was not in `before`, without the namespaces named. */
export function added(
  before: ReadonlySet<string>,
  after: ReadonlySet<string>,
  namespaces: readonly string[],
): readonly string[] {
  const isOf = (entry: string) => {
    const [type = '', path = ''] = entry.split(' ');
    const [namespace, name] = path.split('/');
    return namespaces.includes(namespace ?? '') || (type === 'Namespace' && namespaces.includes(name ?? ''));
  };
  return [...after].filter((entry) => !before.has(entry) && !isOf(entry)).toSorted();
}
