/** The controllers of a large cluster, as the chart has the API server serve them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { PROGRAM } from '../../contract/names.ts';
import type { KubeObject } from '../../kubernetes/api.ts';
import { clusterWide } from '../../kubernetes/resources.ts';
import { run } from '../../test/support/binaries/command.ts';
import { assembleChart } from '../../test/support/chart/assemble.ts';
import type { CnpgCluster } from '../../test/support/cnpg.ts';
import type { ControlPlane } from '../../test/support/control-plane.ts';
import { type ControllerProcess, startController } from '../../test/support/controller-process.ts';
import { createNamespace } from '../../test/support/seed.ts';
import { findTools } from '../../test/support/tools.ts';
import { SITES } from '../../test/support/two-sites.ts';
import { followerName } from './ground.ts';

/** More than that no controller takes. */
const FOLLOWERS_OF_EACH = 16;
const LIMIT_MS = 60_000;
const FLOW_SCHEMAS = clusterWide('flowcontrol.apiserver.k8s.io/v1', 'flowschemas', 'FlowSchema');
const BINDINGS = clusterWide<KubeObject & { readonly roleRef: object; readonly subjects: readonly object[] }>(
  'rbac.authorization.k8s.io/v1',
  'clusterrolebindings',
  'ClusterRoleBinding',
);

/** All of them follow the one Cluster, so that one move moves everything. */
export async function startControllers(
  plane: ControlPlane,
  ends: AsyncDisposableStack,
  { cluster, followers }: { readonly cluster: CnpgCluster; readonly followers: number },
): Promise<readonly ControllerProcess[]> {
  const names = Array.from({ length: followers }, (_, index) => followerName(index));
  const processes: ControllerProcess[] = [];
  for (let first = 0; first < names.length; first += FOLLOWERS_OF_EACH)
    processes.push(await startOne(plane, ends, cluster, names.slice(first, first + FOLLOWERS_OF_EACH)));
  return processes;
}

async function startOne(
  plane: ControlPlane,
  ends: AsyncDisposableStack,
  { namespace, name: clusterName }: CnpgCluster,
  followers: readonly string[],
): Promise<ControllerProcess> {
  const own = await createNamespace(plane, 'controller');
  const user = `system:serviceaccount:${own}:${PROGRAM}-controller`;
  await plane.api.create(BINDINGS, {
    metadata: { name: own },
    roleRef: { apiGroup: BINDINGS.group, kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ apiGroup: BINDINGS.group, kind: 'User', name: user }],
  });
  for (const schema of await flowSchemas(own)) await plane.api.create(FLOW_SCHEMAS, schema);
  const file = join(plane.folder, `${own}.json`);
  const trigger = { kind: 'cnpg', namespace, clusterName };
  await writeFile(
    file,
    JSON.stringify({ followers: followers.map((name) => ({ name, sites: SITES, trigger })) }),
  );
  const kubeconfig = await plane.kubeconfigFor({ name: user, groups: ['system:serviceaccounts'] });
  const controller = await startController({ KUBECONFIG: kubeconfig, POD_NAMESPACE: own, CONFIG_FILE: file });
  ends.defer(() => controller.stop());
  await controller.leads(LIMIT_MS);
  return controller;
}

/** Those of the chart. */
async function flowSchemas(namespace: string): Promise<readonly KubeObject[]> {
  const folder = await mkdtemp(join(tmpdir(), 'chart-'));
  try {
    const chart = join(folder, 'chart');
    const [{ helm }] = await Promise.all([findTools(), assembleChart(chart)]);
    const shown = ['--show-only', 'templates/flow-schemas.yaml', '--kube-version', '1.37.0'];
    const site = ['--set', 'controller.sites.us-east.nodeName=node-1,controller.sites.us-east.ip=192.0.2.10'];
    const args = ['template', PROGRAM, chart, '--namespace', namespace, ...shown, ...site];
    const text = await run(helm, args, { abort: AbortSignal.timeout(LIMIT_MS) });
    return parseAllDocuments(text).map((document) => {
      const schema = document.toJS() as KubeObject;
      // Others have a release of the same name in this cluster.
      return { ...schema, metadata: { ...schema.metadata, name: `${schema.metadata.name}-${namespace}` } };
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}
