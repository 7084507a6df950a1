import { readMetadata } from '../webhook/inject/shape.ts';
import type { Documents, Path } from './documents.ts';

/** An object in a file that has pods in it. */
export interface Found {
  readonly document: number;
  /** Where the object is in the document: lists hold several. */
  readonly path: Path;
  readonly kind: string;
  /** `Deployment web`, for messages. */
  readonly title: string;
  readonly namespace: string;
  /** Where its pod, or pod template, is. */
  readonly podPath: Path;
}

interface Header {
  readonly metadata?: unknown;
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
  readonly items?: unknown;
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

/** The objects with pods in them, in the order of the file. */
export function findPods(documents: Documents): Found[] {
  return everyObject(documents).flatMap(({ document, path, object }) => {
    const kind = String(object.kind);
    const inner = PODS[`${kind}.${groupOf(object)}`];
    if (inner === undefined) return [];
    return {
      document,
      path,
      kind,
      title: `${kind} ${textIn(object, 'name') ?? textIn(object, 'generateName') ?? '(no name)'}`,
      namespace: textIn(object, 'namespace') ?? '',
      podPath: [...path, ...inner],
    };
  });
}

/** Names and labels of the namespaces in the file. */
export function findNamespaces(documents: Documents): Map<string, Readonly<Record<string, string>>> {
  const found = everyObject(documents).flatMap(({ object }): [string, Readonly<Record<string, string>>][] => {
    if (object.kind !== 'Namespace' || groupOf(object) !== '') return [];
    const read = readMetadata(object);
    const { name, labels } = (read.ok && read.value.metadata) || {};
    return typeof name === 'string' ? [[name, labels ?? {}]] : [];
  });
  return new Map(found);
}

function everyObject(documents: Documents) {
  return Array.from({ length: documents.length }, (_, document) => document).flatMap((document) =>
    objectsAt(documents, document, []),
  );
}

function objectsAt(
  documents: Documents,
  document: number,
  path: Path,
): { document: number; path: Path; object: Header }[] {
  const object = documents.at(document, path);
  if (typeof object !== 'object' || object === null) return [];
  const { kind, items }: Header = object;
  if (kind !== 'List' || !Array.isArray(items)) return [{ document, path, object }];
  return items.flatMap((_, index) => objectsAt(documents, document, [...path, 'items', index]));
}

/** Read by itself, so that an object can be named whatever else is wrong with it. */
function textIn({ metadata }: Header, field: 'name' | 'generateName' | 'namespace'): string | undefined {
  const value: unknown = (metadata as Record<typeof field, unknown> | null | undefined)?.[field];
  return typeof value === 'string' ? value : undefined;
}

function groupOf({ apiVersion }: Header): string {
  const text = typeof apiVersion === 'string' ? apiVersion : '';
  return text.includes('/') ? text.slice(0, text.indexOf('/')) : '';
}
