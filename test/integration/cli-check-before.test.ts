/** `check --pre` of the chart as Helm renders it, before anything is installed. Each finding is brought about. */
import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { before, describe, test } from 'node:test';
import type { Checked, CheckView } from '../../cli/checks/run.ts';
import { runCli } from '../../cli/testing/terminal.ts';
import type { KubeObject } from '../../kubernetes/api.ts';
import { clusterWide, NAMESPACES, namespaced, PODS } from '../../kubernetes/resources.ts';
import { chartUnderTest, RELEASE } from '../support/chart/render.ts';
import { createNamespace, createNodes } from '../support/seed.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { EAST, startExampleDns, WEST } from '../support/two-sites.ts';

const plane = await sharedControlPlane();
const { api } = plane;
const chart = await chartUnderTest();
const NETWORK_POLICIES = namespaced<KubeObject & { spec: object }>(
  'networking.k8s.io/v1',
  'networkpolicies',
  'NetworkPolicy',
);
const CLUSTER_ROLES = clusterWide('rbac.authorization.k8s.io/v1', 'clusterroles', 'ClusterRole');
const NODES_HERE = { east: 'before-east', west: 'before-west' };
const SITES = {
  'us-east': { nodeName: NODES_HERE.east, ip: EAST.ip },
  'us-west': { nodeName: NODES_HERE.west, ip: WEST.ip },
};

before(() =>
  createNodes(
    api,
    Object.values(NODES_HERE).map((name) => ({ name, labels: { 'topology.kubernetes.io/zone': name } })),
  ),
);

interface Asked {
  readonly namespace: string;
  readonly values?: object;
  readonly kubeconfig?: string;
}

/** The checks by their names, and what the command ends with. */
async function look({ namespace, values = {}, kubeconfig = plane.kubeconfig }: Asked) {
  const text = await chart.text({
    // Other files have releases in this cluster.
    values: { fullnameOverride: 'before', controller: { sites: SITES }, ...values },
    args: ['--namespace', namespace],
  });
  const { code, out, err } = await runCli(['check', '--pre', '--filename', '-', '-o', 'json'], {
    env: { KUBECONFIG: kubeconfig },
    read: async () => text,
  });
  assert.equal(err, '');
  const { checks, ...view } = JSON.parse(out) as CheckView;
  assert.equal(view.namespace, namespace);
  return { code, checks: new Map(checks.map((check) => [check.name, check])) };
}

async function finds(asked: Asked, name: string, outcome: Checked['outcome'], text: RegExp): Promise<void> {
  const { checks } = await look(asked);
  const checked = checks.get(name);
  assert.ok(checked, name);
  const [finding] = checked.findings;
  assert.match(`${finding?.about} ${finding?.text} ${finding?.action}`, text);
  assert.equal(checked.outcome, outcome);
}

describe('kubectl site-follower check --pre with the manifests of the chart', () => {
  test('finds nothing where all is well, and tells what it has seen', async (t) => {
    const dns = await startExampleDns();
    t.after(() => dns.stop());
    const namespace = await createNamespace(plane, 'before');
    const { checks } = await look({ namespace, values: { controller: withDns(dns.url) } });
    const told = [...checks.values()].filter(({ name }) => !['kubelets', 'zones', 'storage'].includes(name));
    assert.deepEqual(
      told.map(({ name, outcome, findings }) => [name, outcome, ...findings]),
      [
        ['version', 'ok'],
        ['sites', 'ok'],
        ['installer', 'ok'],
        ['api-versions', 'ok'],
        ['release', 'ok'],
        ['admission', 'ok'],
        ['webhook-port', 'skipped'],
        ['operator', 'ok'],
        ['dns-credentials', 'ok'],
        ['egress', 'ok'],
      ],
    );
    assert.match(checks.get('version')?.note ?? '', /^v1\.\d+\.\d+/);
    assert.equal(checks.get('dns-credentials')?.note, 'example.com at namecheap, from this machine');
    assert.deepEqual(new Set(dns.calls.map(({ command }) => command)), new Set(['getHosts']));
  });

  test('sites: a node is not there', async () => {
    const sites = { ...SITES, 'us-west': { nodeName: 'misspelt', ip: WEST.ip } };
    const asked = { namespace: 'before-nowhere', values: { controller: { sites } } };
    await finds(asked, 'sites', 'problem', /^Node misspelt .*correct controller\.sites\.us-west/);
    assert.equal((await look(asked)).code, 1);
  });

  test('installer: each kind and namespace that may not be created', async () => {
    const kubeconfig = await plane.kubeconfigFor({ name: 'before-nobody' });
    const { checks } = await look({ namespace: 'before-nowhere', kubeconfig });
    const texts = checks.get('installer')?.findings.map(({ about, text }) => `${about}: ${text}`) ?? [];
    for (const wanted of [
      'deployments: you may not create them in namespace before-nowhere',
      'clusterroles: you may not create them in the cluster',
      'mutatingwebhookconfigurations: you may not create them in the cluster',
    ])
      assert.ok(texts.includes(wanted), wanted);
  });

  test('api-versions: a kind that nobody has brought', async () => {
    const values = { metrics: { serviceMonitor: true } };
    await finds(
      { namespace: 'before-nowhere', values },
      'api-versions',
      'problem',
      /ServiceMonitor .*no such kind.*leave out metrics\.serviceMonitor/,
    );
  });

  test('release: one of this name is in another namespace', async () => {
    const annotations = {
      'meta.helm.sh/release-name': RELEASE,
      'meta.helm.sh/release-namespace': 'before-elsewhere',
    };
    await api.create(CLUSTER_ROLES, { metadata: { name: 'twice-controller', annotations } });
    const asked = { namespace: 'before-nowhere', values: { fullnameOverride: 'twice' } };
    await finds(asked, 'release', 'problem', /^ClusterRole twice-controller .*namespace before-elsewhere/);
    await finds({ ...asked, namespace: 'before-elsewhere' }, 'release', 'ok', /undefined/);
  });

  test('admission: Pod Security refuses the network of the nodes, and nothing else of the chart', async () => {
    const namespace = await createNamespace(plane, 'before');
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await api.patch(NAMESPACES, { name: namespace }, { metadata: { labels } }, { type: 'merge' });
    const { checks } = await look({ namespace });
    assert.equal(checks.get('admission')?.outcome, 'ok', JSON.stringify(checks.get('admission')));
    const values = { webhook: { hostNetwork: true } };
    await finds(
      { namespace, values },
      'admission',
      'problem',
      /Deployment .*-webhook .*violates PodSecurity/,
    );
  });

  test('webhook-port: the API server tries a pod that runs', async (t) => {
    const address = Object.values(networkInterfaces())
      .flat()
      .find((one) => one?.family === 'IPv4' && !one.internal)?.address;
    if (address === undefined) {
      t.skip('this machine has no address but loopback, which the API server refuses for pods');
      return;
    }
    const namespace = await createNamespace(plane, 'before');
    const key = { namespace, name: 'tried' };
    const spec = { nodeName: NODES_HERE.east, containers: [{ name: 'app', image: 'example.com/app' }] };
    await api.create(PODS, { metadata: key, spec });
    const status = {
      phase: 'Running',
      podIP: address,
      podIPs: [{ ip: address }],
      conditions: [{ type: 'Ready', status: 'True' }],
    };
    await api.patch(PODS, key, { status }, { type: 'merge', subresource: 'status' });
    const checked = (await look({ namespace })).checks.get('webhook-port');
    // Nothing listens there: the refusal has come through.
    assert.deepEqual([checked?.outcome, checked?.note], ['ok', 'port 8443']);
    await api.delete(PODS, key);
  });

  test('operator: it is there, and would be brought again', async () => {
    await finds(
      { namespace: 'before-nowhere', values: { cloudnativepg: { install: true } } },
      'operator',
      'problem',
      /^CloudNativePG it is there already.*Leave cloudnativepg\.install out/,
    );
  });

  test('dns-credentials: a wrong key, with the provider’s words and what to do, and no key in it', async (t) => {
    const dns = await startExampleDns();
    t.after(() => dns.stop());
    const values = { controller: withDns(dns.url, 'not-the-key-0123456789') };
    const asked = { namespace: 'before-nowhere', values };
    await finds(
      asked,
      'dns-credentials',
      'problem',
      /^Zone example\.com at namecheap .*asked from this machine.*API/,
    );
    assert.doesNotMatch(JSON.stringify((await look(asked)).checks.get('dns-credentials')), /not-the-key/);
  });

  test('dns-credentials: the key is in a Secret that is there already', async (t) => {
    const dns = await startExampleDns();
    t.after(() => dns.stop());
    const namespace = await createNamespace(plane, 'before');
    await plane.api.create<KubeObject & { stringData: object }>(
      { group: '', version: 'v1', plural: 'secrets', kind: 'Secret', namespaced: true },
      {
        metadata: { namespace, name: 'mine' },
        stringData: { NAMECHEAP_API_USER: 'example', NAMECHEAP_API_KEY: '0123456789abcdef0123456789abcdef' },
      },
    );
    const own = withDns(dns.url);
    const namecheap = { existingSecret: 'mine', apiUrl: own.dns.namecheap.apiUrl, clientIp: '127.0.0.1' };
    const { checks } = await look({
      namespace,
      values: { controller: { ...own, dns: { ...own.dns, namecheap } } },
    });
    assert.equal(checks.get('dns-credentials')?.outcome, 'ok', JSON.stringify(checks.get('dns-credentials')));
  });

  test('egress: a NetworkPolicy that admits nothing', async () => {
    const namespace = await createNamespace(plane, 'before');
    const spec = { podSelector: {}, policyTypes: ['Egress'], egress: [] };
    await api.create(NETWORK_POLICIES, { metadata: { namespace, name: 'deny-all' }, spec });
    await finds(
      { namespace },
      'egress',
      'warning',
      /^NetworkPolicy .*\/deny-all .*Admit the API server, port 53/,
    );
  });

  test('what is no rendering of the chart is refused', async () => {
    for (const [text, says] of [
      ['kind: [', /cannot|line \d+ has/],
      ['{}', /no Deployment of the controller/],
    ] as const) {
      const { code, err } = await runCli(['check', '--pre', '-f', 'x.yaml'], { read: async () => text });
      assert.equal(code, 2);
      assert.match(err, says);
    }
    const { code, err } = await runCli(['check', '-f', 'x.yaml'], { read: async () => '' });
    assert.equal(code, 2);
    assert.match(err, /--filename is for --pre/);
  });
});

function withDns(url: string, apiKey = '0123456789abcdef0123456789abcdef') {
  const namecheap = { apiUser: 'example', apiKey, clientIp: '127.0.0.1', apiUrl: `${url}` };
  return {
    sites: SITES,
    dns: { provider: 'namecheap', records: ['app.example.com', 'db.example.com'], namecheap },
  };
}
