/** In which of its priority levels a real API server serves the programs of the chart. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PROGRAM } from '../../contract/names.ts';
import type { KubeObject, Resource } from '../../kubernetes/api.ts';
import { chartUnderTest, SITES } from '../support/chart/render.ts';
import { send } from '../support/raw-api.ts';
import { createNamespace } from '../support/seed.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { until } from '../support/until.ts';

const plane = await sharedControlPlane();
const { api } = plane;
const chart = await chartUnderTest();

const flowControl = (plural: string, kind: string): Resource => ({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  plural,
  kind,
  namespaced: false,
});
const FLOW_SCHEMAS = flowControl('flowschemas', 'FlowSchema');
const LEVELS = flowControl('prioritylevelconfigurations', 'PriorityLevelConfiguration');

const levels = new Map(
  (await api.list<KubeObject>(LEVELS, {})).items.map(({ metadata }) => [metadata.uid, metadata.name]),
);

/** Of a GET by a service account. Whether it is allowed does not matter. */
async function levelOf(namespace: string, account: string, path: string): Promise<string | undefined> {
  const name = `system:serviceaccount:${namespace}:${account}`;
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
  const admin = await plane.authority.issue({ name, groups });
  const { headers } = await send({ url: plane.url, authority: plane.authority, admin }, 'GET', path, '');
  return levels.get(String(headers['x-kubernetes-pf-prioritylevel-uid']));
}

test('controller and webhook have their requests served before those of tenants', async (t) => {
  const namespace = await createNamespace(plane, 'release');
  const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${PROGRAM}`;
  const nodes = '/api/v1/nodes';
  const [controller, webhook] = [`${PROGRAM}-controller`, `${PROGRAM}-webhook`];
  // What this is about: without schemas of their own they stand behind whoever has a pod.
  assert.equal(await levelOf(namespace, controller, leases), 'workload-low');
  const manifests = await chart.render({ values: SITES, args: ['--namespace', namespace] });
  const schemas = manifests.filter(({ kind }) => kind === 'FlowSchema');
  assert.equal(schemas.length, 2);
  for (const schema of schemas) {
    // Others may have a release of the same name in this cluster.
    const metadata = { ...schema.metadata, name: `${schema.metadata.name}-${namespace}` };
    await api.create<KubeObject>(FLOW_SCHEMAS, { ...schema, metadata });
    t.after(() => api.delete(FLOW_SCHEMAS, metadata));
  }
  await until(
    'the schemas are in force',
    async () => (await levelOf(namespace, webhook, nodes)) === 'workload-high' || undefined,
    { timeoutMs: 30_000 },
  );
  for (const account of [controller, webhook]) {
    assert.equal(await levelOf(namespace, account, leases), 'leader-election');
    assert.equal(await levelOf(namespace, account, nodes), 'workload-high');
    assert.equal(await levelOf(namespace, account, '/version'), 'workload-high');
  }
  assert.equal(await levelOf(namespace, 'default', leases), 'workload-low');
  assert.equal(await levelOf('kube-public', controller, nodes), 'workload-low');
  const foreign = `/apis/coordination.k8s.io/v1/namespaces/kube-public/leases/${PROGRAM}`;
  assert.equal(await levelOf(namespace, controller, foreign), 'workload-high');
});
