/** Two clusters of a topology on one control plane: a namespace, a user, a context, an operator and a controller for each. */
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { CLUSTERS } from '../../cnpg/cluster.ts';
import { STATUS_CONFIGMAP } from '../../contract/names.ts';
import type { Permission } from '../../runtime/rights.ts';
import { createCnpgCluster } from './cnpg.ts';
import { ConfigMapHistory } from './config-map-history.ts';
import type { ControlPlaneAccess } from './control-plane-access.ts';
import { startController } from './controller-process.ts';
import { mergeKubeconfigs } from './kubeconfig.ts';
import { grant } from './rbac.ts';
import { createNamespace, createNodes } from './seed.ts';
import { TopologyOperator, type Wal } from './topology-operator.ts';

export type Place = 'east' | 'west';
const PLACES: readonly Place[] = ['east', 'west'];

export interface TopologySide {
  readonly namespace: string;
  readonly operator: TopologyOperator;
  readonly status: ConfigMapHistory;
}

export interface TopologyScene extends Readonly<Record<Place, TopologySide>> {
  /** With the contexts `east` and `west`: each user may do what docs/cli.md says, and in its own namespace alone. */
  readonly kubeconfig: string;
}

/** `dns`: of both controllers. Everything ends with the test. */
export async function createTopology(
  t: TestContext,
  plane: ControlPlaneAccess,
  dns?: object,
): Promise<TopologyScene> {
  const node = `topology-${randomBytes(3).toString('hex')}`;
  await createNodes(plane.api, [{ name: node }]);
  const wal = { timeline: 1, lsn: 0x5000028n };
  const [east, west] = await Promise.all([
    createSide(t, plane, 'east', node, wal, dns),
    createSide(t, plane, 'west', node, { ...wal }, dns),
  ]);
  east.operator.source = west.operator.wal;
  west.operator.source = east.operator.wal;
  const kubeconfig = await kubeconfigOf(plane, { east: east.namespace, west: west.namespace });
  return { east, west, kubeconfig };
}

async function createSide(
  t: TestContext,
  plane: ControlPlaneAccess,
  place: Place,
  node: string,
  wal: Wal,
  dns: object | undefined,
): Promise<TopologySide> {
  const { api } = plane;
  const namespace = await createNamespace(plane, place);
  const cluster = await createCnpgCluster({ api, namespace, name: `pg-${place}`, nodes: [node] });
  const other = place === 'east' ? 'pg-west' : 'pg-east';
  const externalClusters = PLACES.map((each) => ({ name: `pg-${each}` }));
  const spec = { externalClusters, replica: { primary: 'pg-east', source: other } };
  await api.patch(CLUSTERS, cluster, { spec }, { type: 'merge' });
  const operator = new TopologyOperator(cluster, place === 'east', wal);
  await operator.start();
  t.after(() => operator.stop());
  const status = await ConfigMapHistory.start(api, { namespace, name: STATUS_CONFIGMAP });
  t.after(() => status.stop());
  const file = join(plane.folder, `${namespace}.yaml`);
  const sites = PLACES.map((each, index) => ({
    name: each,
    cluster: `pg-${each}`,
    ip: `192.0.2.${index + 1}`,
  }));
  const trigger = { kind: 'cnpg-topology', namespace, clusterName: `pg-${place}` };
  await writeFile(
    file,
    JSON.stringify({ followers: [{ sites, trigger, ...(dns !== undefined && { dns }) }] }),
  );
  const controller = await startController({
    KUBECONFIG: plane.kubeconfig,
    POD_NAMESPACE: namespace,
    CONFIG_FILE: file,
    RESYNC_SECONDS: '1',
  });
  t.after(() => controller.child.stop(10_000));
  await status.untilStatus(
    'the east is active',
    ({ activeSite, phase }) => activeSite === 'east' && phase === 'Settled',
  );
  return { namespace, operator, status };
}

/** Whoever took one context for the other one would be refused. */
async function kubeconfigOf(
  plane: ControlPlaneAccess,
  namespaces: Readonly<Record<Place, string>>,
): Promise<string> {
  const texts = await Promise.all(
    PLACES.map(async (place) => {
      const namespace = namespaces[place];
      const user = { name: `person-${namespace}`, groups: [] };
      await grant(plane, { user, rights: rightsIn(namespace) });
      return [place, await readFile(await plane.kubeconfigFor(user, { namespace }), 'utf8')] as const;
    }),
  );
  const path = join(plane.folder, `${randomBytes(4).toString('hex')}.kubeconfig`);
  await writeFile(path, mergeKubeconfigs(Object.fromEntries(texts)), { mode: 0o600 });
  return path;
}

function rightsIn(namespace: string): Permission[] {
  const right = (group: string, resource: string, ...verbs: Permission['verbs']) => ({
    namespace,
    group,
    resource,
    verbs,
    reason: 'the command line',
  });
  return [
    right('postgresql.cnpg.io', 'clusters', 'get', 'list', 'watch', 'patch'),
    right('postgresql.cnpg.io', 'backups', 'list'),
    right('', 'pods', 'list'),
    right('', 'configmaps', 'list', 'watch'),
    right('coordination.k8s.io', 'leases', 'get'),
  ];
}
