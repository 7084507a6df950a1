/** The chart on a real API server. What it does on a real cluster, with kubelets and the operator, is in test/e2e. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parse } from 'yaml';
import { CLUSTERS, type Cluster } from '../../cnpg/cluster.ts';
import { LABELS, PROGRAM } from '../../contract/names.ts';
import type { KubeObject } from '../../kubernetes/api.ts';
import {
  CONFIG_MAPS,
  LEASES,
  MUTATING_WEBHOOK_CONFIGURATIONS,
  NAMESPACES,
  PODS,
  SECRETS,
} from '../../kubernetes/resources.ts';
import { run } from '../support/binaries/command.ts';
import { EVERYTHING, layered } from '../support/chart/examples.ts';
import {
  chartUnderTest,
  type Manifest,
  NAMESPACE,
  only,
  podSpec,
  RELEASE,
  SITES,
} from '../support/chart/render.ts';
import { runCli, startCli } from '../support/cli.ts';
import { startControlPlane } from '../support/control-plane.ts';
import { FOREIGN_CRDS } from '../support/foreign-crds.ts';
import { ensureNamespace, installCnpgCrds } from '../support/seed.ts';
import { findTools } from '../support/tools.ts';
import { until } from '../support/until.ts';

/** Its own, as the chart's names are the same everywhere, and as CRDs are missing at first. */
const plane = await startControlPlane();
after(() => plane.stop());
const { api } = plane;
const chart = await chartUnderTest();
const { kubectl } = await findTools();

const OTHER = 'another-namespace';
const WAIT = { timeoutMs: 30_000 };
const VALUES = layered(SITES, {
  postgres: { create: true },
  controller: { watch: { namespace: 'postgres' } },
});
let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'release-'));
  for (const name of [NAMESPACE, OTHER, 'postgres']) await ensureNamespace(plane, name);
});
after(() => rm(folder, { recursive: true }));

/** Standard output; rejects with what it says when it fails. */
function kube(args: readonly string[]): Promise<string> {
  const abort = AbortSignal.timeout(60_000);
  return run(kubectl, [...args, '--kubeconfig', plane.kubeconfig], {
    abort,
    env: { HOME: folder, PATH: '' },
  });
}

async function fileOf(objects: readonly object[]): Promise<string> {
  const file = join(folder, 'objects.json');
  await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  return file;
}

const helmIn = (namespace: string, ...args: string[]) =>
  chart.run([...args, '--namespace', namespace, '--kubeconfig', plane.kubeconfig]);
const helm = (...args: string[]) => helmIn(NAMESPACE, ...args);

async function valuesFile(values: object): Promise<string> {
  const file = join(folder, 'values.json');
  await writeFile(file, JSON.stringify(values));
  return file;
}

/** A kubeconfig of the service account, which may do what the chart's roles say and nothing else. */
const asServiceAccount = (name: string) =>
  plane.kubeconfigFor({ name: `system:serviceaccount:${NAMESPACE}:${name}` });

describe('what is rendered', () => {
  test('passes the API server’s own validation, with every feature', async () => {
    await kube(['apply', '-f', await fileOf(FOREIGN_CRDS)]);
    const names = FOREIGN_CRDS.map(({ metadata }) => metadata.name);
    await kube(['wait', '--for=condition=Established', 'crd', ...names]);
    const manifests = await chart.render({ values: layered(SITES, EVERYTHING) });
    const file = await fileOf(manifests);
    const said = await kube(['apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', file]);
    assert.equal(said.trim().split('\n').length, manifests.length);
  });

  for (const way of ['--server-side=true', '--server-side=false']) {
    test(`is installed, upgraded without a change, and uninstalled without a trace, with ${way}`, async () => {
      const values = ['-f', await valuesFile(SITES)];
      // Nothing runs the Jobs of the hooks here.
      await helm('install', RELEASE, chart.path, ...values, way, '--no-hooks');
      await fillInCaBundle();
      const installed = await inventory();
      assert.ok(installed.size > 15, [...installed.keys()].join(', '));
      for (let round = 0; round < 2; round += 1) {
        await helm('upgrade', RELEASE, chart.path, ...values, way, '--no-hooks');
        assert.deepEqual(await inventory(), installed);
      }
      await helm('rollback', RELEASE, '1', way, '--no-hooks');
      assert.deepEqual(await inventory(), installed);
      await helm('uninstall', RELEASE, '--no-hooks', '--wait=false');
      assert.deepEqual([...(await inventory()).keys()], []);
    });
  }
});

/** As the webhook does at run time. */
async function fillInCaBundle(): Promise<void> {
  const name = `${RELEASE}-webhook`;
  const { webhooks = [] } = await api.get(MUTATING_WEBHOOK_CONFIGURATIONS, { name });
  const value = Buffer.from('-----BEGIN CERTIFICATE-----\n').toString('base64');
  const patch = webhooks.map((_, index) => ({
    op: 'add',
    path: `/webhooks/${index}/clientConfig/caBundle`,
    value,
  }));
  await api.patch(MUTATING_WEBHOOK_CONFIGURATIONS, { name }, patch, { type: 'json' });
}

/** Everything of the release with the version of each. */
async function inventory(): Promise<ReadonlyMap<string, string | undefined>> {
  const kinds = (await kube(['api-resources', '--verbs=list,delete', '-o', 'name'])).trim().split('\n');
  const selector = `app.kubernetes.io/instance=${RELEASE}`;
  const text = await kube([
    'get',
    kinds.join(','),
    '--all-namespaces',
    '-l',
    selector,
    '-o',
    'json',
    '--ignore-not-found',
  ]);
  const { items = [] } = (text === '' ? {} : JSON.parse(text)) as {
    items?: (KubeObject & { kind: string })[];
  };
  return new Map(items.map(({ kind, metadata }) => [`${kind} ${metadata.name}`, metadata.resourceVersion]));
}

describe('the namespace of the database', () => {
  const into = async (release: string, namespace: string) => {
    const values = await valuesFile(
      layered(SITES, { postgres: { create: true }, controller: { watch: { namespace } } }),
    );
    await helmIn(release, 'install', RELEASE, chart.path, '-f', values, '--create-namespace', '--no-hooks');
    const { metadata } = await api.get(NAMESPACES, { name: namespace });
    await helmIn(release, 'uninstall', RELEASE, '--no-hooks', '--wait=false');
    return metadata.uid;
  };

  test('is made, stays, and is taken again by a release in the same namespace or in another one', async () => {
    const first = await into(NAMESPACE, 'database');
    assert.equal(await into(NAMESPACE, 'database'), first);
    assert.equal(await into(OTHER, 'database'), first);
    assert.equal((await api.get(NAMESPACES, { name: 'database' })).metadata.deletionTimestamp, undefined);
  });

  test('may be that of the release, which is there then', async () => {
    await into('all-in-one', 'all-in-one');
    const { metadata } = await api.get(NAMESPACES, { name: 'all-in-one' });
    assert.equal(metadata.deletionTimestamp, undefined);
  });
});

describe('the Job that makes the database', () => {
  const key = { namespace: 'postgres', name: 'pg-cluster' };
  let manifests: readonly Manifest[];
  let kubeconfig: string;
  let file: string;
  before(async () => {
    manifests = await chart.render({ values: VALUES });
    const ofHook = manifests.filter(({ metadata }) => metadata.name === `${RELEASE}-postgres`);
    await kube(['apply', '-f', await fileOf(ofHook.filter(({ kind }) => kind.startsWith('Role')))]);
    kubeconfig = await asServiceAccount(`${RELEASE}-postgres`);
    file = join(folder, 'cluster.yaml');
    await writeFile(file, only(manifests, 'ConfigMap', '-postgres').data?.['cluster.yaml'] ?? '');
  });
  const command = () => {
    const { args = [] } = podSpec(only(manifests, 'Job', '-postgres')).containers[0];
    return args.map((arg) => (arg === '/manifests/cluster.yaml' ? file : arg));
  };
  const env = () => ({ KUBECONFIG: kubeconfig, POD_NAMESPACE: NAMESPACE });

  test('waits until there is an operator, and makes it', async (t) => {
    const job = await startCli(command(), env());
    t.after(() => job.stop());
    await job.waitForLine((line) => line.startsWith('waiting: ') || undefined, 20_000);
    await installCnpgCrds(api);
    assert.deepEqual(await job.exited, { code: 0, signal: null }, job.lines.join('\n'));
    const { spec } = (await api.get(CLUSTERS, key)) as Cluster & { spec: { instances: number } };
    assert.equal(spec.instances, 2);
  });

  test('adopts one that is there, and leaves alone what others have set', async () => {
    const { metadata } = await api.get(CLUSTERS, key);
    await api.patch(CLUSTERS, key, { spec: { primaryUpdateStrategy: 'supervised' } }, { type: 'merge' });
    const before = await api.get(CLUSTERS, key);
    const { code, out } = await runCli(command(), env());
    assert.equal(code, 0, out);
    const now = await api.get(CLUSTERS, key);
    assert.deepEqual([now.metadata.uid, now.spec], [metadata.uid, before.spec]);
  });

  test('does not fight over what somebody else has set otherwise: it says so and gives up', async () => {
    await api.patch(CLUSTERS, key, { spec: { instances: 3 } }, { type: 'merge' });
    const { code, err } = await runCli(command(), env());
    assert.equal(code, 2);
    assert.match(
      err,
      /has fields that another field manager has set to other values.*set the same under postgres/s,
    );
    await api.patch(CLUSTERS, key, { spec: { instances: 2 } }, { type: 'merge' });
  });

  test('waits while the operator’s webhook does not answer', async (t) => {
    const clientConfig = { url: 'https://127.0.0.1:1/validate' };
    const rules = [
      { apiGroups: ['postgresql.cnpg.io'], apiVersions: ['v1'], resources: ['clusters'], operations: ['*'] },
    ];
    const entry = {
      name: 'clusters.example.com',
      clientConfig,
      rules,
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
    };
    const kind = {
      ...MUTATING_WEBHOOK_CONFIGURATIONS,
      plural: 'validatingwebhookconfigurations',
      kind: 'ValidatingWebhookConfiguration',
    };
    const configuration = { metadata: { name: 'operator' }, webhooks: [entry] };
    await api.create<KubeObject>(kind, configuration);
    const job = await startCli(command(), env());
    t.after(() => job.stop());
    await job.waitForLine((line) => /^waiting: .*failed calling webhook/.test(line) || undefined, 20_000);
    await api.delete(kind, { name: 'operator' });
    assert.deepEqual(await job.exited, { code: 0, signal: null }, job.lines.join('\n'));
  });

  test('says what a manifest lacks that the API server refuses, once', async () => {
    const text = only(manifests, 'ConfigMap', '-postgres').data?.['cluster.yaml'] ?? '';
    const cluster = parse(text) as Cluster & { spec: object };
    const wrong = { ...cluster, spec: { ...cluster.spec, minSyncReplicas: -1 } };
    file = join(folder, 'wrong.yaml');
    await writeFile(file, JSON.stringify(wrong));
    const { code, err } = await runCli(command(), env());
    assert.equal(code, 2);
    assert.match(err, /Cluster postgres\/pg-cluster was refused.*minSyncReplicas/s);
  });
});

describe('the Job that cleans up', () => {
  const own = { [LABELS.managedBy]: PROGRAM };
  const exists = async (resource: Parameters<typeof api.get>[0], namespace: string, name: string) =>
    (await api.list(resource, { namespace, fieldSelector: `metadata.name=${name}` })).items.length === 1;

  test('waits for the processes to end, and then removes what they have made, and nothing else', async (t) => {
    const values = { ...SITES, webhook: { certManager: { enabled: true } } };
    const manifests = await chart.render({ values });
    const ofHook = manifests.filter(({ metadata }) => metadata.name === `${RELEASE}-cleanup`);
    await kube(['apply', '-f', await fileOf(ofHook.filter(({ kind }) => /^(Cluster)?Role/.test(kind)))]);
    const map = (namespace: string, name: string, labels: Record<string, string>) =>
      api.create(CONFIG_MAPS, { metadata: { namespace, name, labels } });
    await map(NAMESPACE, 'kube-site-follower-status', { ...own, [LABELS.role]: 'status' });
    await map(NAMESPACE, 'kube-site-follower-report', { ...own, [LABELS.role]: 'report' });
    await map(OTHER, 'kube-site-follower-status', {
      ...own,
      [LABELS.role]: 'copy',
      [LABELS.source]: NAMESPACE,
    });
    await map(OTHER, 'of-another', { ...own, [LABELS.role]: 'copy', [LABELS.source]: 'elsewhere' });
    await map(NAMESPACE, 'of-a-user', {});
    const ofCertManager = `${RELEASE}-webhook-certificate`;
    await api.create(SECRETS, { metadata: { namespace: NAMESPACE, name: ofCertManager } });
    await api.create(SECRETS, { metadata: { namespace: NAMESPACE, name: 'of-a-user' } });
    for (const name of [PROGRAM, `${PROGRAM}-webhook`, 'of-a-user']) {
      await api.create(LEASES, { metadata: { namespace: NAMESPACE, name } });
    }
    const labels = { 'app.kubernetes.io/instance': RELEASE, 'app.kubernetes.io/component': 'controller' };
    const pod = { namespace: NAMESPACE, name: 'controller' };
    const containers = [{ name: 'x', image: 'x' }];
    await api.create(PODS, { metadata: { ...pod, labels }, spec: { containers } });
    // Helm leaves what hooks that have failed, or still run, have made.
    for (const component of ['test', 'postgres']) {
      const metadata = {
        namespace: NAMESPACE,
        name: `${RELEASE}-${component}`,
        labels: { ...labels, 'app.kubernetes.io/component': component },
      };
      await api.create(PODS, { metadata, spec: { containers } });
    }

    const { args = [] } = podSpec(only(manifests, 'Job', '-cleanup')).containers[0];
    const env = { KUBECONFIG: await asServiceAccount(`${RELEASE}-cleanup`), POD_NAMESPACE: NAMESPACE };
    const job = await startCli(args, env);
    t.after(() => job.stop());
    await until('it waits', () => job.lines.some((line) => line.includes('waiting for')) || undefined, WAIT);
    assert.ok(await exists(SECRETS, NAMESPACE, ofCertManager));
    await api.delete(PODS, pod);
    assert.deepEqual(await job.exited, { code: 0, signal: null }, job.lines.join('\n'));

    const left = async (resource: Parameters<typeof api.get>[0]) =>
      (await api.list(resource, {})).items
        .filter(({ metadata }) => [NAMESPACE, OTHER].includes(metadata.namespace ?? ''))
        .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
        .sort();
    assert.deepEqual(await left(SECRETS), [`${NAMESPACE}/of-a-user`]);
    assert.deepEqual(await left(LEASES), [`${NAMESPACE}/of-a-user`]);
    // Its Job ends by itself, as it may do nothing any more.
    assert.deepEqual(await left(PODS), [`${NAMESPACE}/${RELEASE}-postgres`]);
    assert.deepEqual(await left(CONFIG_MAPS), [`${OTHER}/of-another`, `${NAMESPACE}/of-a-user`]);

    const again = await runCli(args, env);
    assert.equal(again.code, 0, again.err);
  });
});
