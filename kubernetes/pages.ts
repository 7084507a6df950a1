import type { KubeApi, KubeObject, ListOptions, Resource } from './api.ts';

const PAGE = 500;
/** Half a million objects. A server that sends more repeats itself. */
const MAX_PAGES = 1_000;

type Selection = Omit<ListOptions, 'limit' | 'continue'>;

/** All objects at once; see {@link listEach}. */
export async function listAll<T extends KubeObject>(
  api: KubeApi,
  resource: Resource<T>,
  options: Selection = {},
): Promise<T[]> {
  const all: T[] = [];
  for await (const object of listEach(api, resource, options)) all.push(object);
  return all;
}

/** All objects, page by page, so that no answer gets too large. Throws KubeError. */
export async function* listEach<T extends KubeObject>(
  api: KubeApi,
  resource: Resource<T>,
  options: Selection = {},
): AsyncGenerator<T> {
  let next: string | undefined;
  for (let page = 0; page === 0 || next !== undefined; page += 1) {
    if (page === MAX_PAGES) throw new Error(`the list of ${resource.plural} has no end`);
    const list = await api.list(resource, {
      ...options,
      limit: PAGE,
      ...(next !== undefined && { continue: next }),
    });
    yield* list.items;
    next = list.continue;
  }
}
