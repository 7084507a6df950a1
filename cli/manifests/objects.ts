import { readMetadata } from '../../webhook/inject/shape.ts';
import type { Documents, Path } from './documents.ts';

/** Something in a file of manifests. */
interface Place {
  readonly document: number;
  /** Where it is in the document, as a list has several objects. */
  readonly path: Path;
}

/** A Kubernetes object. */
export interface Other extends Place {
  /** Empty for the core group. */
  readonly group: string;
  readonly kind: string;
  /** `Deployment web`, for messages. */
  readonly title: string;
  /** Empty where the file does not have it. */
  readonly namespace: string;
}

/** An object with a pod template, or a pod. */
export interface Found extends Other {
  /** Where its pod, or pod template, is. */
  readonly podPath: Path;
}

interface Header {
  readonly metadata?: unknown;
  readonly apiVersion: string;
  readonly kind: string;
  readonly items?: unknown;
}

interface Entry extends Place {
  /** Undefined where it is not a Kubernetes object. */
  readonly object: Header | undefined;
}

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
  return everyObject(documents).flatMap((found) => {
    const inner = PODS[`${found.kind}.${found.group}`];
    return inner === undefined ? [] : [{ ...found, podPath: [...found.path, ...inner] }];
  });
}

/** The labels of the namespaces in the file, by their names. */
export function findNamespaces(documents: Documents): Map<string, Readonly<Record<string, string>>> {
  const found = everyObject(documents).filter(isNamespace);
  return new Map(
    found.flatMap(({ document, path }) => {
      const read = readMetadata(documents.at(document, path));
      const { name, labels } = (read.ok && read.value.metadata) || {};
      return typeof name === 'string' ? [[name, labels ?? {}] as const] : [];
    }),
  );
}

/** The objects that are neither namespaces nor found by {@link findPods}. */
export function findOthers(documents: Documents): Other[] {
  return everyObject(documents).filter(
    (found) => !isNamespace(found) && PODS[`${found.kind}.${found.group}`] === undefined,
  );
}

const isNamespace = ({ kind, group }: Other) => kind === 'Namespace' && group === '';

function everyObject(documents: Documents): Other[] {
  return everyEntry(documents).flatMap(({ document, path, object }) => {
    if (object === undefined) return [];
    const { kind, apiVersion } = object;
    const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
    const title = `${kind} ${textIn(object, 'name') ?? textIn(object, 'generateName') ?? '(no name)'}`;
    return { document, path, group, kind, title, namespace: textIn(object, 'namespace') ?? '' };
  });
}

/** The places that have no Kubernetes object: `document 2`, or `document 1, items.0`. */
export function findStrangers(documents: Documents): string[] {
  return everyEntry(documents)
    .filter(({ object }) => object === undefined)
    .map(({ document, path }) => [`document ${document + 1}`, ...(path.length > 0 ? [path.join('.')] : [])])
    .map((place) => place.join(', '));
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

/** Read without a schema, so that an object can be named whatever else is wrong with it. */
function textIn({ metadata }: Header, field: 'name' | 'generateName' | 'namespace'): string | undefined {
  const value: unknown = (metadata as Record<typeof field, unknown> | null | undefined)?.[field];
  return typeof value === 'string' ? value : undefined;
}
