/** What a cluster needs before the controller has anything to follow: CRDs, namespaces, nodes. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { BACKUPS, CLUSTERS } from '../../cnpg/cluster.ts';
import type { KubeApi, KubeObject, Resource } from '../../kubernetes/api.ts';
import { isAlreadyExists, isNotFound } from '../../kubernetes/errors.ts';
import {
  type Condition,
  clusterWide,
  NAMESPACES,
  NODES,
  type Node,
  namespaced,
} from '../../kubernetes/resources.ts';
import { findCnpgCrds } from './binaries/cnpg.ts';
import type { ControlPlaneAccess } from './control-plane-access.ts';
import { until } from './until.ts';

interface CustomResourceDefinition extends KubeObject {
  readonly spec?: object;
  readonly status?: { readonly conditions?: readonly Condition[] };
}

const CRDS = clusterWide<CustomResourceDefinition>(
  'apiextensions.k8s.io/v1',
  'customresourcedefinitions',
  'CustomResourceDefinition',
);

export const SERVICE_ACCOUNTS = namespaced('v1', 'serviceaccounts', 'ServiceAccount');

const SERVED: readonly Resource[] = [CLUSTERS, BACKUPS];

const WAIT = { timeoutMs: 30_000 };

/** Installs CloudNativePG's own CRDs, and waits until the API server serves them. */
export async function installCnpgCrds(api: KubeApi): Promise<void> {
  for (const file of await findCnpgCrds()) await installCrd(api, await crdIn(file));
  for (const resource of SERVED) await untilServed(api, resource);
}

/** Installs the CRD of `resource`, which is in `file`, if it is not there. */
export async function installCrdFile(api: KubeApi, file: string, resource: Resource): Promise<void> {
  await installCrd(api, await crdIn(file));
  await untilServed(api, resource);
}

/** A CRD that takes every object, and has a status of its own as those of operators do. */
export async function installLooseCrd(api: KubeApi, resource: Resource): Promise<void> {
  const { group, version, plural, kind, namespaced } = resource;
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  await installCrd(api, {
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: namespaced ? 'Namespaced' : 'Cluster',
      names: { plural, kind },
      versions: [{ name: version, served: true, storage: true, schema, subresources: { status: {} } }],
    },
  });
  await untilServed(api, resource);
}

async function crdIn(file: string): Promise<CustomResourceDefinition> {
  return parse(await readFile(file, 'utf8')) as CustomResourceDefinition;
}

async function installCrd(api: KubeApi, crd: CustomResourceDefinition): Promise<void> {
  await api.create(CRDS, crd).catch(unlessThere);
  await until(
    `the CRD ${crd.metadata.name} is established`,
    async (abort) => {
      const { status } = await api.get(CRDS, crd.metadata, { abort });
      return status?.conditions?.find(({ type }) => type === 'Established')?.status === 'True' || undefined;
    },
    WAIT,
  );
}

async function untilServed(api: KubeApi, resource: Resource): Promise<void> {
  await until(`${resource.plural} are served`, (abort) => api.list(resource, { limit: 1, abort }), WAIT);
}

/** A new namespace in which pods can be made; its name is `prefix` with something random behind it. */
export async function createNamespace(plane: ControlPlaneAccess, prefix = 'test'): Promise<string> {
  const name = `${prefix}-${randomBytes(4).toString('hex')}`;
  await ensureNamespace(plane, name);
  return name;
}

/** The namespace `name`, made if it is not there. */
export async function ensureNamespace(
  { api, hasControllers }: ControlPlaneAccess,
  name: string,
): Promise<void> {
  await api.create(NAMESPACES, { metadata: { name } }).catch(unlessThere);
  if (!hasControllers) return;
  await until(
    `namespace ${name} has the service account that each pod needs`,
    (abort) => api.get(SERVICE_ACCOUNTS, { namespace: name, name: 'default' }, { abort }),
    { ...WAIT, isFinal: (error) => !isNotFound(error) },
  );
}

export interface NodeSeed {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Nodes that say that they are ready; those that are there already are left as they are. */
export async function createNodes(api: KubeApi, nodes: readonly NodeSeed[]): Promise<void> {
  for (const { name, labels = {} } of nodes) {
    const node: Node = { metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } } };
    await api.create(NODES, node).catch(unlessThere);
    await setNodeReady(api, name, true);
  }
}

export async function setNodeReady(api: KubeApi, name: string, ready: boolean): Promise<void> {
  const condition = { type: 'Ready', status: ready ? 'True' : 'Unknown', reason: 'Test', message: '' };
  const times = { lastHeartbeatTime: new Date(), lastTransitionTime: new Date() };
  const body = { status: { conditions: [{ ...condition, ...times }] } };
  await api.patch(NODES, { name }, body, { type: 'merge', subresource: 'status' });
}

function unlessThere(error: unknown): void {
  if (!isAlreadyExists(error)) throw error;
}
