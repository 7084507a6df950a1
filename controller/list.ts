import type { KubeApi, KubeObject, ListOptions, Resource } from '../kubernetes/api.ts';

const PAGE_SIZE = 500;
/** A hundred thousand objects: nothing that is asked for like this has so many. */
const MAX_PAGES = 200;

/** All objects of a selection, as they are now. Throws KubeError. */
export async function listAll<T extends KubeObject>(
  api: KubeApi,
  resource: Resource<T>,
  selection: Pick<ListOptions, 'namespace' | 'labelSelector' | 'metadataOnly'>,
  signal: AbortSignal,
): Promise<T[]> {
  const items: T[] = [];
  let next: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const list = await api.list(resource, {
      ...selection,
      limit: PAGE_SIZE,
      signal,
      ...(next !== undefined && { continue: next }),
    });
    items.push(...list.items);
    next = list.continue;
    if (next === undefined) return items;
  }
  throw new Error(`the API server ends no list of ${resource.plural}`);
}
