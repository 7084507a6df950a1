/** One write that may meet a webhook that is away, and what becomes of it. */
import { ANNOTATIONS, LABELS } from '../../../contract/names.ts';
import type { ControlPlaneAccess } from '../control-plane-access.ts';
import { type RawAnswer, send } from '../raw-api.ts';

export type Labels = Readonly<Record<string, string>>;

const KINDS = {
  deployments: ['apps', 'Deployment'],
  statefulsets: ['apps', 'StatefulSet'],
  daemonsets: ['apps', 'DaemonSet'],
  services: ['', 'Service'],
  pods: ['', 'Pod'],
} as const;
export type Path = keyof typeof KINDS;

export interface Body {
  readonly metadata: object;
  readonly spec: object;
}

export type Write =
  | { readonly create: Body }
  | { readonly replace: Body }
  | { readonly patch: object; readonly type?: 'strategic-merge' | 'merge'; readonly of?: 'status' | 'scale' }
  | { readonly remove: 'Foreground' | 'Background' };

export interface Row {
  readonly what: string;
  readonly away: 'passes' | 'waits';
  readonly path: Path;
  /** What is there before anybody asks the webhook. */
  readonly before: Body | undefined;
  readonly write: Write;
  /** What comes out with a webhook: see {@link seen}. */
  readonly there: unknown;
}

/** Rows of one kind of object. */
export const rowsOf =
  (path: Path) =>
  (what: string, away: Row['away'], before: Body | undefined, write: Write, there?: unknown): Row => ({
    what,
    away,
    path,
    before,
    write,
    there,
  });

export const asks = { [LABELS.inject]: 'true' };
export const refuses = { [LABELS.inject]: 'false' };
export const labelled = (value: string | null) => ({ metadata: { labels: { [LABELS.inject]: value } } });
export const carried = (value: 'true' | 'false') => ({
  labels: { [LABELS.inject]: value },
  annotations: { [ANNOTATIONS.carriedLabel]: value },
});
export const finalizers = (...names: readonly string[]) => ({
  finalizers: names.map((name) => `example.com/${name}`),
});

/** A pod that says this of itself. */
export function pod(metadata: object, spec: object = {}): Body {
  return { metadata, spec: { containers: [{ name: 'app', image: 'example/app:1' }], ...spec } };
}

export function urlOf(path: Path, namespace: string, name = ''): string {
  const [group] = KINDS[path];
  return `/${group === '' ? 'api/v1' : `apis/${group}/v1`}/namespaces/${namespace}/${path}${name && `/${name}`}`;
}

export function named(path: Path, name: string, { metadata, spec }: Body): object {
  const [group, kind] = KINDS[path];
  const apiVersion = group === '' ? 'v1' : `${group}/v1`;
  const more = path === 'statefulsets' ? { serviceName: name } : {};
  return { apiVersion, kind, metadata: { ...metadata, name }, spec: { ...spec, ...more } };
}

export function carryOut(
  plane: ControlPlaneAccess,
  { write, path }: Row,
  namespace: string,
  name: string,
): Promise<RawAnswer> {
  const url = urlOf(path, namespace, name);
  if ('create' in write) return send(plane, 'POST', urlOf(path, namespace), named(path, name, write.create));
  if ('replace' in write) return send(plane, 'PUT', url, named(path, name, write.replace));
  if ('remove' in write) return send(plane, 'DELETE', url, { propagationPolicy: write.remove });
  const { patch, type = 'strategic-merge', of } = write;
  const target = of === undefined ? url : `${url}/${of}`;
  return send(plane, 'PATCH', target, patch, `application/${type}-patch+json`);
}

/** Of a workload the label of its template, of a Service its selector, of a pod how many sidecars it has. */
export function seen({ path }: Pick<Row, 'path'>, { body }: RawAnswer): unknown {
  const { initContainers, selector, template } = body.spec as {
    readonly selector?: object;
    readonly initContainers?: readonly object[];
    readonly template?: { readonly metadata: { readonly labels: Labels } };
  };
  if (path === 'pods') return initContainers?.length ?? 0;
  return path === 'services' ? selector : template?.metadata.labels[LABELS.inject];
}
