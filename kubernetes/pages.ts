import type { KubeApi, KubeObject, List, ListOptions, Resource } from './api.ts';
import { isTooLarge } from './errors.ts';

/**
 * A page is in memory as text and as objects at once, and the heap keeps the size that it once had: 5,000 pods of usual
 * size took 60 MiB more in pages of 500. Anybody who may create pods makes them as large as etcd takes them, so what
 * counts is bytes.
 */
const FIRST_PAGE = 50;
const LARGEST_PAGE = 500;
const PAGE_BYTES = 1024 * 1024;
/** Reading of a larger one ends, and it is asked for again in smaller pages. */
const MAX_PAGE_BYTES = 4 * PAGE_BYTES;
/** One object: 1.5 MiB in etcd, of which each byte may be six in JSON. */
export const MAX_OBJECT_BYTES = 12 * 1024 * 1024;
/** A server that sends more pages repeats itself. */
const MAX_PAGES = 100_000;

type Selection = Omit<ListOptions, 'limit' | 'continue' | 'maxBytes'>;

/** All objects at once; see {@link listPages}. */
export async function listAll<T extends KubeObject>(
  api: Pick<KubeApi, 'list'>,
  resource: Resource<T>,
  options: Selection = {},
): Promise<T[]> {
  const all: T[] = [];
  for await (const object of listEach(api, resource, options)) all.push(object);
  return all;
}

/** All objects, one after the other; see {@link listPages}. */
export async function* listEach<T extends KubeObject>(
  api: Pick<KubeApi, 'list'>,
  resource: Resource<T>,
  options: Selection = {},
): AsyncGenerator<T> {
  for await (const { items } of listPages(api, resource, options)) yield* items;
}

/** Page by page, each as large as a few objects of the size that was met so far. Throws KubeError. */
export async function* listPages<T extends KubeObject>(
  api: Pick<KubeApi, 'list'>,
  resource: Resource<T>,
  options: Selection = {},
): AsyncGenerator<List<T>> {
  let limit = FIRST_PAGE;
  let next: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    let list: List<T>;
    try {
      list = await api.list(resource, {
        ...options,
        limit,
        maxBytes: limit === 1 ? MAX_OBJECT_BYTES : MAX_PAGE_BYTES,
        ...(next !== undefined && { continue: next }),
      });
    } catch (error) {
      if (!isTooLarge(error) || limit === 1) throw error;
      limit = Math.ceil(limit / 8);
      continue;
    }
    yield list;
    next = list.continue;
    if (next === undefined) return;
    limit = nextLimit(limit, list);
  }
  throw new Error(`the list of ${resource.plural} has no end`);
}

/** At most twice as many as before: the next ones may be larger. */
function nextLimit(limit: number, { items, bytes }: List<unknown>): number {
  if (bytes === undefined || items.length === 0) return limit;
  const fitting = Math.floor((PAGE_BYTES * items.length) / bytes);
  return Math.max(1, Math.min(fitting, limit * 2, LARGEST_PAGE));
}
