/** One line on a cluster without any database, as the documentation has it. Kubelets and operator are played. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CLUSTERS } from '../../cnpg/cluster.ts';
import { STATUS_CONFIGMAP } from '../../contract/names.ts';
import type { Resource } from '../../kubernetes/api.ts';
import { MUTATING_WEBHOOK_CONFIGURATIONS, NAMESPACES, PODS, type Pod } from '../../kubernetes/resources.ts';
import {
  chartUnderTest,
  environment,
  type Manifest,
  only,
  type PodSpec,
  podSpec,
  RELEASE,
} from '../support/chart/render.ts';
import { runCli, startCli } from '../support/cli.ts';
import { CnpgCluster } from '../support/cnpg.ts';
import { ConfigMapHistory } from '../support/config-map-history.ts';
import { startControlPlane } from '../support/control-plane.ts';
import { startController } from '../support/controller-process.ts';
import { createNodes, ensureNamespace } from '../support/seed.ts';
import { until } from '../support/until.ts';

const NAMESPACE = 'kube-site-follower';
const EAST = 'node-us-east-01';
const WEST = 'node-eu-west-01';
const SITES = [
  `controller.sites.us-east.nodeName=${EAST}`,
  'controller.sites.us-east.ip=1.2.3.4',
  `controller.sites.eu-west.nodeName=${WEST}`,
  'controller.sites.eu-west.ip=5.6.7.8',
];
const LINE = [
  'cloudnativepg.install=true',
  ...SITES,
  'controller.dns.provider=namecheap',
  'controller.dns.records[0]=demo1.example.com',
  'controller.dns.namecheap.apiUser=YOUR_USER',
  'controller.dns.namecheap.apiKey=YOUR_KEY',
];
const SECRET = { NAMECHEAP_API_USER: 'YOUR_USER', NAMECHEAP_API_KEY: 'YOUR_KEY' };
const VALIDATING: Resource = {
  ...MUTATING_WEBHOOK_CONFIGURATIONS,
  plural: 'validatingwebhookconfigurations',
  kind: 'ValidatingWebhookConfiguration',
};
const WAIT = { timeoutMs: 60_000 };

const plane = await startControlPlane({ controllers: true });
after(() => plane.stop());
const { api } = plane;
const chart = await chartUnderTest();

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'first-installation-'));
});
after(() => rm(folder, { recursive: true }));

const set = (values: readonly string[]) => values.flatMap((value) => ['--set', value]);
const helm = (...args: string[]) => chart.run([...args, '--kubeconfig', plane.kubeconfig]);
const install = (namespace: string, values: readonly string[], ...more: string[]) =>
  helm(
    'install',
    RELEASE,
    chart.path,
    '--namespace',
    namespace,
    '--create-namespace',
    ...set(values),
    ...more,
  );
const asAccountOf = async (component: string) => ({
  KUBECONFIG: await plane.kubeconfigFor({
    name: `system:serviceaccount:${NAMESPACE}:${RELEASE}-${component}`,
  }),
  POD_NAMESPACE: NAMESPACE,
});

test('a namespace that is not there yet fails no installation, whoever makes the database', async () => {
  const said = await install('elsewhere', [...SITES, 'controller.watch.namespace=later'], '--no-hooks');
  assert.match(said, /There is nothing to follow yet: CloudNativePG is not in this cluster/);
  assert.match(said, /No DNS record follows/);
  await api.get(NAMESPACES, { name: 'later' });
  await helm('uninstall', RELEASE, '--namespace', 'elsewhere', '--no-hooks');
  const { metadata } = await api.get(NAMESPACES, { name: 'later' });
  assert.equal(metadata.deletionTimestamp, undefined);
});

test('a namespace of somebody else is used as it is, and nothing is put on it', async () => {
  await ensureNamespace(plane, 'theirs');
  await install('elsewhere', [...SITES, 'controller.watch.namespace=theirs'], '--no-hooks');
  const { metadata } = await api.get(NAMESPACES, { name: 'theirs' });
  assert.deepEqual(
    [metadata.annotations, metadata.labels],
    [undefined, { 'kubernetes.io/metadata.name': 'theirs' }],
  );
  await helm('uninstall', RELEASE, '--namespace', 'elsewhere', '--no-hooks');
});

test('rendered without looking into the cluster, as by Argo CD, the line makes the same', async () => {
  const args = ['template', RELEASE, chart.path, '--namespace', NAMESPACE, ...set(LINE)];
  const [alone, looking] = await Promise.all([
    chart.run([...args, '--kube-version', await serverVersion()]),
    helm(...args, '--dry-run=server'),
  ]);
  assert.ok(alone.includes('kind: Namespace'));
  assert.equal(alone, looking);
});

async function serverVersion(): Promise<string> {
  const { gitVersion } = (await api.read('/version')) as { readonly gitVersion: string };
  return gitVersion;
}

async function rendered(): Promise<readonly Manifest[]> {
  return chart.render({ values: {}, args: ['--namespace', NAMESPACE, ...set(LINE)] });
}

/** With the manifest where this machine has it. */
async function argumentsOfJob(): Promise<readonly string[]> {
  const manifests = await rendered();
  const file = join(folder, 'cluster.yaml');
  await writeFile(file, only(manifests, 'ConfigMap', '-postgres').data?.['cluster.yaml'] ?? '');
  const { args = [] } = podSpec(only(manifests, 'Job', '-postgres')).containers[0];
  return args.map((arg) => (arg === '/manifests/cluster.yaml' ? file : arg));
}

/** The pod of a hook, as soon as there is one that has not ended. */
function podOf(component: string): Promise<Pod> {
  const labelSelector = `app.kubernetes.io/component=${component}`;
  return until(
    `there is a pod of ${component}`,
    async (abort) => {
      const { items } = await api.list(PODS, { namespace: NAMESPACE, labelSelector, abort });
      return items.find(({ status, metadata }) => status?.phase === 'Pending' && !metadata.deletionTimestamp);
    },
    WAIT,
  );
}

/** As a kubelet tells that a pod has ended well. */
async function finish({ metadata }: Pod): Promise<void> {
  await api.patch(
    PODS,
    metadata,
    { status: { phase: 'Succeeded' } },
    { type: 'merge', subresource: 'status' },
  );
}

describe('one line', () => {
  test('ends with operator, database and a settled status', async (t) => {
    await createNodes(api, [{ name: EAST }, { name: WEST }]);
    const installed = install(NAMESPACE, LINE);
    const hook = await podOf('postgres');
    const { containers } = podSpec(only(await rendered(), 'Deployment', '-controller'));
    const account = await asAccountOf('controller');
    const controller = await startController({ ...environment(containers[0], SECRET), ...account });
    t.after(() => controller.stop());
    const status = await ConfigMapHistory.start(api, { namespace: NAMESPACE, name: STATUS_CONFIGMAP });
    t.after(() => status.stop());
    const held = await status.untilStatus('it holds', ({ phase }) => phase === 'Held');
    assert.match(held.reason, /^ClusterNotFound: /);

    // The operator's pods are not there yet: its webhook does not answer.
    const job = await startCli(await argumentsOfJob(), await asAccountOf('postgres'));
    t.after(() => job.stop());
    await job.waitForLine((line) => /^waiting: .*webhook/.test(line) || undefined, 30_000);
    for (const kind of [VALIDATING, MUTATING_WEBHOOK_CONFIGURATIONS]) {
      for (const { metadata } of (await api.list(kind, {})).items)
        if (metadata.name.startsWith('cnpg-')) await api.delete(kind, metadata);
    }
    assert.deepEqual(await job.exited, { code: 0, signal: null }, job.lines.join('\n'));
    await finish(hook);
    assert.match(await installed, /^STATUS: deployed$/m);

    const cluster = new CnpgCluster({ api, namespace: 'postgres', name: 'pg-cluster', nodes: [EAST, WEST] });
    await cluster.bringUp();
    const settled = await status.untilStatus('it is settled', ({ phase }) => phase === 'Settled');
    assert.deepEqual([settled.activeSite, settled.primary], ['us-east', 'pg-cluster-1']);
    await controller.leads();

    const testing = helm('test', RELEASE, '--namespace', NAMESPACE);
    const testPod = await podOf('test');
    const [{ args = [] }] = (testPod.spec as PodSpec).containers;
    // No kubelet runs the webhook, which `verify` would find.
    const tested = await runCli(
      args.filter((arg) => !arg.includes('webhook')),
      await asAccountOf('test'),
    );
    assert.equal(tested.code, 0, tested.out + tested.err);
    assert.match(tested.out, /controller: \S+ leads\n.*us-east is active with pg-cluster-1/);
    await finish(testPod);
    assert.match(await testing, /^Phase:\s+Succeeded$/m);
  });

  test('leaves a Cluster alone that somebody else has made', async () => {
    await api.delete(CLUSTERS, { namespace: 'postgres', name: 'pg-cluster' });
    const key = { namespace: 'postgres', name: 'pg-cluster' };
    const theirs = { metadata: key, spec: { instances: 3, storage: { size: '1Gi' } } };
    await api.create(CLUSTERS, theirs);
    const upgraded = helm('upgrade', RELEASE, chart.path, '--namespace', NAMESPACE, ...set(LINE));
    const hook = await podOf('postgres');
    const { code, out, err } = await runCli(await argumentsOfJob(), await asAccountOf('postgres'));
    assert.equal(code, 0, err);
    assert.match(out, /Cluster postgres\/pg-cluster is there already and was not made by the chart/);
    await finish(hook);
    assert.match(await upgraded, /^STATUS: deployed$/m);
    assert.equal((await api.get(CLUSTERS, key)).spec?.instances, 3);
  });
});
