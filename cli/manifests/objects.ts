import { readMetadata } from '../../webhook/inject/shape.ts';
import type { Documents, Path } from './documents.ts';

/** An object with a pod template, or a pod. */
export interface Found {
  readonly document: number;
  /** Where the object is in the document, as a list has several. */
  readonly path: Path;
  readonly kind: string;
  /** `Deployment web`, for messages. */
  readonly title: string;
  readonly namespace: string;
  /** Where its pod, or pod template, is. */
  readonly podPath: Path;
}

/** An object of any other kind. */
export type Other = Pick<Found, 'document' | 'path' | 'kind' | 'title'>;

interface Header {
  readonly metadata?: unknown;
  readonly apiVersion: string;
  readonly kind: string;
  readonly items?: unknown;
}

interface Entry {
  readonly document: number;
  readonly path: Path;
  /** Undefined where it is not a Kubernetes object. */
  readonly object: Header | undefined;
}

const NAMESPACE = 'Namespace.';
const TEMPLATE = ['spec', 'template'];
/** Where the pod is, by `kind.group`. */
const PODS: Readonly<Record<string, Path>> = {
  'Pod.': [],
  'PodTemplate.': ['template'],
  'ReplicationController.': TEMPLATE,
  'Deployment.apps': TEMPLATE,
  'StatefulSet.apps': TEMPLATE,
  'DaemonSet.apps': TEMPLATE,
  'ReplicaSet.apps': TEMPLATE,
  'Job.batch': TEMPLATE,
  'CronJob.batch': ['spec', 'jobTemplate', ...TEMPLATE],
};

/** In the order of the file. */
export function findPods(documents: Documents): Found[] {
  return everyObject(documents).flatMap(({ document, path, object }) => {
    const inner = PODS[typeOf(object)];
    if (inner === undefined) return [];
    return {
      document,
      path,
      kind: object.kind,
      title: titleOf(object),
      namespace: textIn(object, 'namespace') ?? '',
      podPath: [...path, ...inner],
    };
  });
}

/** The labels of the namespaces in the file, by their names. */
export function findNamespaces(documents: Documents): Map<string, Readonly<Record<string, string>>> {
  const found = everyObject(documents).flatMap(({ object }): [string, Readonly<Record<string, string>>][] => {
    if (typeOf(object) !== NAMESPACE) return [];
    const read = readMetadata(object);
    const { name, labels } = (read.ok && read.value.metadata) || {};
    return typeof name === 'string' ? [[name, labels ?? {}]] : [];
  });
  return new Map(found);
}

/** The objects that are neither namespaces nor found by {@link findPods}. */
export function findOthers(documents: Documents): Other[] {
  return everyObject(documents)
    .filter(({ object }) => typeOf(object) !== NAMESPACE && PODS[typeOf(object)] === undefined)
    .map(({ document, path, object }) => ({ document, path, kind: object.kind, title: titleOf(object) }));
}

/** The places that have no Kubernetes object: `document 2`, or `document 1, items.0`. */
export function findStrangers(documents: Documents): string[] {
  return everyEntry(documents)
    .filter(({ object }) => object === undefined)
    .map(({ document, path }) => [`document ${document + 1}`, ...(path.length > 0 ? [path.join('.')] : [])])
    .map((place) => place.join(', '));
}

function everyObject(documents: Documents): (Entry & { readonly object: Header })[] {
  return everyEntry(documents).flatMap(({ object, ...place }) =>
    object === undefined ? [] : [{ ...place, object }],
  );
}

function everyEntry(documents: Documents): Entry[] {
  return Array.from({ length: documents.length }, (_, document) => document)
    .filter((document) => (documents.at(document, []) ?? null) !== null)
    .flatMap((document) => entriesAt(documents, document, [], {}));
}

function entriesAt(
  documents: Documents,
  document: number,
  path: Path,
  defaults: Partial<Pick<Header, 'apiVersion' | 'kind'>>,
): Entry[] {
  const object = headerOf(documents.at(document, path), defaults);
  if (!object?.kind.endsWith('List') || !Array.isArray(object.items)) return [{ document, path, object }];
  const { apiVersion, kind, items } = object;
  // The items of a PodList need not say that they are Pods; kubectl fills it in, too.
  const inherited = kind === 'List' ? {} : { apiVersion, kind: kind.slice(0, -'List'.length) };
  return items.flatMap((_, index) => entriesAt(documents, document, [...path, 'items', index], inherited));
}

function headerOf(value: unknown, defaults: object): Header | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { apiVersion, kind, ...rest }: Partial<Record<keyof Header, unknown>> = { ...defaults, ...value };
  return typeof apiVersion === 'string' && typeof kind === 'string'
    ? { ...rest, apiVersion, kind }
    : undefined;
}

function titleOf(object: Header): string {
  return `${object.kind} ${textIn(object, 'name') ?? textIn(object, 'generateName') ?? '(no name)'}`;
}

/** Read without a schema, so that an object can be named whatever else is wrong with it. */
function textIn({ metadata }: Header, field: 'name' | 'generateName' | 'namespace'): string | undefined {
  const value: unknown = (metadata as Record<typeof field, unknown> | null | undefined)?.[field];
  return typeof value === 'string' ? value : undefined;
}

/** `kind.group` */
function typeOf({ kind, apiVersion }: Header): string {
  return `${kind}.${apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''}`;
}
