/** Objects, keys and refusals as the API server of the simulation has them. */
import type { KubeObject, ObjectKey, Resource } from '../../kubernetes/api.ts';
import { KubeError } from '../../kubernetes/errors.ts';
import { frozenCopy, isObject, sameJson } from './json.ts';

/** One accepted write. */
export interface Change {
  readonly revision: number;
  readonly actor: string;
  readonly resource: Resource;
  readonly key: ObjectKey;
  readonly before: KubeObject | undefined;
  readonly after: KubeObject | undefined;
}

export function refusal(status: number, reason: string, message: string): KubeError {
  return new KubeError(message, { status, reason });
}

export function tooOld(): KubeError {
  return refusal(410, 'Expired', 'too old resource version');
}

export function changed(resource: Resource, key: ObjectKey): KubeError {
  return refusal(409, 'Conflict', `${describe(resource, key)}: the object has been modified`);
}

/** A deleted object is told with the revision of its deletion. */
export function lastState({ before, revision }: Change): KubeObject | undefined {
  return (
    before && frozenCopy({ ...before, metadata: { ...before.metadata, resourceVersion: String(revision) } })
  );
}

export function metadataOf<T extends KubeObject>({ metadata }: T): T {
  return Object.freeze({
    apiVersion: 'meta.k8s.io/v1',
    kind: 'PartialObjectMetadata',
    metadata,
  }) as unknown as T;
}

function specOf(object: object): unknown {
  return isObject(object) ? object.spec : undefined;
}

export function path({ namespace = '', name }: ObjectKey): string {
  return `${namespace}/${name}`;
}

export function describe(resource: Resource, { namespace, name }: ObjectKey): string {
  return `${resource.plural} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

/** Resources whose status has a subresource of its own. */
export const STATUS_SUBRESOURCE = new Set(['clusters', 'perconaservermongodbs', 'pods', 'nodes']);

/** What a write makes of an object: of all but its status, or by the status subresource of that alone. */
export function updated<T extends KubeObject>(
  resource: Resource<T>,
  before: T,
  wanted: T,
  part: 'main' | 'status',
): T {
  const { metadata: was } = before;
  const { status: oldStatus, ...oldMain } = before as T & { status?: unknown };
  const { status: newStatus, ...newMain } = wanted as T & { status?: unknown };
  const split = STATUS_SUBRESOURCE.has(resource.plural);
  if (part === 'status' && !split)
    throw refusal(404, 'NotFound', `${resource.plural} have no status subresource`);
  const main = part === 'status' ? oldMain : newMain;
  const status = split && part === 'main' ? oldStatus : newStatus;
  const { uid, creationTimestamp, resourceVersion } = was;
  const isChanged = was.generation !== undefined && !sameJson(specOf(oldMain), specOf(main));
  const generation = isChanged ? was.generation + 1 : was.generation;
  const metadata = { ...main.metadata, uid, creationTimestamp, resourceVersion, generation };
  return frozenCopy({ ...main, status, metadata }) as unknown as T;
}
