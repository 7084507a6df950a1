import { Documents } from '../../cli/manifests/documents.ts';
import { type Found, findPods } from '../../cli/manifests/objects.ts';
import { NAMESPACES } from '../../kubernetes/resources.ts';
import type { ControlPlaneAccess } from './control-plane-access.ts';
import { post } from './raw-api.ts';
import { ensureNamespace } from './seed.ts';
import { until } from './until.ts';

type Json = Record<string, unknown>;

/** A pod as the API server has it after admission, or why there is none. */
export interface Admitted {
  readonly pod: Json | undefined;
  /** What kubectl would print: warnings, and the message of a refusal. */
  readonly words: readonly string[];
}

interface Spec extends Json {
  readonly volumes?: readonly { readonly name: string }[];
}

interface Metadata extends Json {
  readonly name: string;
  readonly namespace?: string;
}

const WAIT = { timeoutMs: 30_000 };

/** By kind, for the namespace `NS`. */
export const PLURALS: Readonly<Record<string, string>> = {
  Pod: '/api/v1/namespaces/NS/pods',
  ReplicaSet: '/apis/apps/v1/namespaces/NS/replicasets',
  Deployment: '/apis/apps/v1/namespaces/NS/deployments',
  StatefulSet: '/apis/apps/v1/namespaces/NS/statefulsets',
  DaemonSet: '/apis/apps/v1/namespaces/NS/daemonsets',
  Job: '/apis/batch/v1/namespaces/NS/jobs',
  CronJob: '/apis/batch/v1/namespaces/NS/cronjobs',
};

/** Makes what the manifests need around their pods: namespaces, limits and quotas. */
export async function makeSurroundings(plane: ControlPlaneAccess, manifests: string): Promise<void> {
  const documents = new Documents(manifests);
  for (let index = 0; index < documents.length; index += 1) {
    const object = documents.at(index, []) as { kind: string; metadata: Metadata };
    const { kind, metadata } = object;
    if (kind === 'Namespace') {
      await ensureNamespace(plane, metadata.name);
      const labels = { metadata: { labels: metadata.labels } };
      await plane.api.patch(NAMESPACES, { name: metadata.name }, labels, { type: 'merge' });
    }
    const plural = { LimitRange: 'limitranges', ResourceQuota: 'resourcequotas' }[kind];
    if (plural === undefined) continue;
    const resource = { group: '', version: 'v1', plural, kind, namespaced: true };
    await plane.api.create(resource, object);
    if (kind !== 'ResourceQuota') continue;
    await until(
      'the quota is in force',
      async (abort) => {
        const quota = (await plane.api.get(resource, key(metadata), { abort })) as {
          status?: { hard?: object };
        };
        return quota.status?.hard;
      },
      WAIT,
    );
  }
}

function key({ name, namespace = '' }: Metadata) {
  return { name, namespace };
}

/**
 * What the API server makes of each object with pods in it, as a dry run. For a workload that is the pod of its
 * template as the API server has admitted that, since its controller would send just this.
 */
export async function admitAll(
  plane: ControlPlaneAccess,
  manifests: string,
  namespace: string,
): Promise<Admitted[]> {
  const documents = new Documents(manifests);
  const admitted: Admitted[] = [];
  for (const found of findPods(documents)) {
    admitted.push(await admitOne(plane, documents, found, found.namespace || namespace));
  }
  return admitted;
}

async function admitOne(
  plane: ControlPlaneAccess,
  documents: Documents,
  { document, path, podPath, kind }: Found,
  namespace: string,
): Promise<Admitted> {
  const object = documents.at(document, path) as Json;
  const own = await dryRun(plane, kind, namespace, object);
  if (kind === 'Pod' || own.pod === undefined) return own;
  const inner = podPath.slice(path.length);
  const template = inner.reduce<unknown>((at, step) => (at as Json)[step], own.pod) as Json;
  const pod = {
    metadata: { ...(template.metadata as Json), generateName: 'golden-' },
    spec: withClaims(template.spec as Spec, own.pod),
  };
  const { pod: made, words } = await dryRun(plane, 'Pod', namespace, pod);
  return { pod: made, words: [...own.words, ...words] };
}

/** As the controller of a StatefulSet does it. */
function withClaims(spec: Spec, workload: Json): Spec {
  const { volumeClaimTemplates = [] } = workload.spec as { volumeClaimTemplates?: { metadata: Metadata }[] };
  const claims = volumeClaimTemplates.map(({ metadata: { name } }) => ({
    name,
    persistentVolumeClaim: { claimName: name },
  }));
  return claims.length === 0 ? spec : { ...spec, volumes: [...(spec.volumes ?? []), ...claims] };
}

export async function dryRun(
  plane: ControlPlaneAccess,
  kind: string,
  namespace: string,
  object: Json,
): Promise<Admitted> {
  const path = PLURALS[kind]?.replace('NS', namespace);
  if (path === undefined) throw new Error(`No path is known for ${kind}`);
  const { status, body, warnings } = await post(plane, `${path}?dryRun=All`, object);
  if (status === 201) return { pod: body, words: warnings };
  return { pod: undefined, words: [...warnings, body.message ?? `status ${status}`] };
}

const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
/** Tells which defaults were put in now: an offline injected pod comes with none of them. */
const LIMIT_RANGER = 'kubernetes.io/limit-ranger';

/** Without what differs between any two pods, and without the order in which admission added volumes. */
export function comparable(pod: Json | undefined): unknown {
  if (pod === undefined) return undefined;
  const text = JSON.stringify(pod)
    .replaceAll(/kube-api-access-\w{5}/g, 'kube-api-access')
    .replaceAll(UUID, 'uid');
  const { metadata, spec } = JSON.parse(text) as { metadata: Json; spec: Spec };
  const { [LIMIT_RANGER]: _, ...annotations } = (metadata.annotations ?? {}) as Json;
  const volumes = spec.volumes?.toSorted((one, other) => one.name.localeCompare(other.name));
  return { labels: metadata.labels, annotations, spec: { ...spec, volumes } };
}

/**
 * What only offline injection can say: the API server does not ask about such objects, as workloads that have no label
 * of their own, or has filled in `replicas`.
 */
export const OFFLINE: readonly string[] = [
  'not-asked',
  'label-on-job',
  'autoscaled',
  'pinned-to-a-site',
  'anti-affinity-of-all-namespaces',
];
