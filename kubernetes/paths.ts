import type { CreateOptions, ListOptions, ObjectKey, PatchOptions, Resource, WatchOptions } from './api.ts';

/** Of all objects of a resource, in one namespace or in all. */
export function collectionPath(resource: Resource, namespace: string | undefined): string {
  const group = resource.group === '' ? '/api' : `/apis/${resource.group}`;
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${group}/${resource.version}${scope}/${resource.plural}`;
}

/** Where an object is created. Throws TypeError when a namespaced resource comes without a namespace. */
export function creationPath(resource: Resource, namespace: string | undefined): string {
  if (!resource.namespaced) return collectionPath(resource, undefined);
  if (!namespace) throw new TypeError(`${resource.kind} is namespaced, but no namespace was given`);
  return collectionPath(resource, namespace);
}

/** Throws TypeError when the name is empty: the path would be that of the whole collection. */
export function objectPath(resource: Resource, key: ObjectKey): string {
  if (key.name === '') throw new TypeError(`${resource.kind} without a name`);
  return `${creationPath(resource, key.namespace)}/${encodeURIComponent(key.name)}`;
}

export function listQuery(options: ListOptions): string {
  return query({ ...selectors(options), limit: options.limit, continue: options.continue });
}

export function watchQuery(options: WatchOptions): string {
  return query({
    ...selectors(options),
    watch: true,
    allowWatchBookmarks: true,
    resourceVersion: options.resourceVersion,
    timeoutSeconds: options.timeoutSeconds,
  });
}

export function creationQuery({ dryRun }: CreateOptions): string {
  return query({ dryRun: dryRun ? 'All' : undefined });
}

export function patchQuery({ fieldManager, force, dryRun }: PatchOptions): string {
  return query({ fieldManager, force, dryRun: dryRun ? 'All' : undefined });
}

function selectors({ labelSelector, fieldSelector }: Pick<ListOptions, 'labelSelector' | 'fieldSelector'>) {
  return { labelSelector, fieldSelector };
}

/** Starts with `?`, or is empty when nothing is set. */
function query(parameters: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const set = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) set.set(name, String(value));
  }
  return set.size === 0 ? '' : `?${set.toString()}`;
}
