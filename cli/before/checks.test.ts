import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeApi, KubeObject, Resource } from '../../kubernetes/api.ts';
import { KubeError } from '../../kubernetes/errors.ts';
import { runChecks } from '../checks/run.ts';
import { World } from '../checks/world.ts';
import { GIVE_MANIFESTS, type Given } from './before.ts';
import { CHECKS_BEFORE } from './checks.ts';
import { Planned } from './planned.ts';

type Objects = Readonly<Record<string, readonly KubeObject[]>>;

const node = (name: string, zone: string | undefined, kubeletVersion = 'v1.34.4') => ({
  metadata: { name, labels: zone === undefined ? {} : { 'topology.kubernetes.io/zone': zone } },
  status: { nodeInfo: { kubeletVersion } },
});
const DEFAULT = { 'storageclass.kubernetes.io/is-default-class': 'true' };
const RIGHT: Objects = {
  nodes: [node('a', 'us-east'), node('b', 'eu-west')],
  storageclasses: [{ metadata: { name: 'fast', annotations: DEFAULT } }],
  pods: [],
};

/** Answers for its version, and for what it passes on to pods. */
const serverOf =
  (gitVersion: string, proxied: () => unknown = () => ({})): Given['read'] =>
  async (path) => {
    if (path === '/version') return { gitVersion };
    if (path.includes('/proxy/')) return proxied();
    throw new KubeError(`GET ${path} failed with 404`, { status: 404, reason: 'NotFound' });
  };

/** The outcome, note and findings of each check in a cluster of these objects; a kind that is not named is not served. */
async function look(objects: Objects, forbidden: readonly string[] = [], given: Partial<Given> = {}) {
  const list = async ({ plural }: Resource) => {
    const items = objects[plural];
    if (items === undefined)
      throw new KubeError('GET /x failed with 404', { status: 404, reason: 'NotFound' });
    return { items };
  };
  const create = async (_: Resource, review: { spec: { resourceAttributes: { resource: string } } }) => ({
    status: { allowed: !forbidden.includes(review.spec.resourceAttributes.resource) },
  });
  const world = new World({
    api: { list, create } as unknown as KubeApi,
    clock: { now: () => 0, elapsed: () => 0, after: () => () => undefined },
    abort: new AbortController().signal,
    followers: [],
    namespace: 'ops',
  });
  const usual: Given = { planned: undefined, read: serverOf('v1.34.4'), env: {} };
  const { checks } = await runChecks(CHECKS_BEFORE, Object.assign(world, usual, given));
  return new Map(checks.map((one) => [one.name, one]));
}

test('a cluster that has all is told so, and what to install', async () => {
  const found = await look(RIGHT);
  assert.deepEqual(
    [...found.values()].map(({ name, outcome, note }) => `${name} ${outcome} ${note}`),
    [
      'version ok v1.34.4',
      'kubelets ok ',
      'zones ok eu-west, us-east',
      'sites skipped no manifests with sites were given',
      'installer ok ',
      `api-versions skipped ${GIVE_MANIFESTS}`,
      `release skipped ${GIVE_MANIFESTS}`,
      `admission skipped ${GIVE_MANIFESTS}`,
      'webhook-port skipped no pod runs yet that could be asked',
      'operator ok it is not, cloudnativepg.install=true brings it with a database',
      'storage ok fast',
      `dns-credentials skipped ${GIVE_MANIFESTS}`,
      `egress skipped ${GIVE_MANIFESTS}`,
    ],
  );
});

test('what is there already is named', async () => {
  const found = await look({ ...RIGHT, clusters: [{ metadata: { namespace: 'db', name: 'main' } }] });
  assert.match(
    found.get('operator')?.note ?? '',
    /leave cloudnativepg\.install out; its Clusters: db\/main$/,
  );
});

for (const [name, outcome, objects, says] of [
  ['kubelets', 'problem', { nodes: [node('a', 'x', 'v1.28.9')] }, /Node a its kubelet is v1\.28\.9/],
  ['zones', 'warning', { nodes: [node('a', undefined)] }, /none has the label/],
  ['zones', 'warning', { nodes: [node('a', 'x'), node('b', 'x')] }, /all that have the label are in x/],
  [
    'storage',
    'warning',
    { storageclasses: [{ metadata: { name: 'slow' } }] },
    /postgres\.storage\.storageClass: slow/,
  ],
  ['storage', 'warning', { storageclasses: [] }, /Install a storage provisioner/],
] as const) {
  test(`what is missing is told: ${name}, ${String(says)}`, async () => {
    const checked = (await look({ ...RIGHT, ...objects })).get(name);
    assert.equal(checked?.outcome, outcome);
    const [finding] = checked?.findings ?? [];
    assert.match(`${finding?.about} ${finding?.text} ${finding?.action}`, says);
  });
}

test('whoever may not create what the chart creates is told what', async () => {
  const found = await look(RIGHT, ['clusterroles', 'deployments']);
  assert.deepEqual(
    found.get('installer')?.findings.map(({ about, text }) => `${about}: ${text}`),
    [
      'deployments: you may not create them in namespace ops',
      'clusterroles: you may not create them in the cluster',
    ],
  );
});

const controller = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name: 'x-controller',
    namespace: 'ops',
    labels: { 'app.kubernetes.io/component': 'controller' },
  },
  spec: { template: { metadata: { name: '' }, spec: { containers: [{ name: 'controller', env: [] }] } } },
};
const policy = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingAdmissionPolicy',
  metadata: { name: 'x' },
};

test('an API server that is too old is told, and for what', async () => {
  for (const [version, planned, says] of [
    ['v1.28.15', undefined, /^API server v1\.28\.15 it knows no native sidecars.*Upgrade the cluster/],
    [
      'v1.34.4',
      new Planned([controller, policy]),
      /no MutatingAdmissionPolicies.*Leave webhook\.mode at webhook/,
    ],
  ] as const) {
    const found = (await look(RIGHT, [], { read: serverOf(version), planned })).get('version');
    assert.equal(found?.outcome, 'problem');
    const [{ about, text, action } = { about: '', text: '', action: '' }] = found.findings;
    assert.match(`${about} ${text} ${action}`, says);
  }
  const newest = { read: serverOf('v1.37.2'), planned: new Planned([controller, policy]) };
  assert.equal((await look(RIGHT, [], newest)).get('version')?.outcome, 'ok');
});

test('the port of the webhook is tried by what the API server passes on to pods', async () => {
  const pods = ['a', 'b'].map((name) => ({
    metadata: { namespace: 'kube-system', name },
    spec: { nodeName: `node-${name}` },
    status: { podIP: '10.0.0.1', conditions: [{ type: 'Ready', status: 'True' }] },
  }));
  const dial = (how: string) => () => {
    throw new KubeError(
      `GET /x failed with 503: error trying to reach service: dial tcp 10.0.0.1:8443: ${how}`,
      {
        status: 503,
        reason: 'ServiceUnavailable',
      },
    );
  };
  const tried = async (how: string) =>
    (await look({ ...RIGHT, pods }, [], { read: serverOf('v1.34.4', dial(how)) })).get('webhook-port');
  const reached = await tried('connect: connection refused');
  assert.deepEqual([reached?.outcome, reached?.note], ['ok', 'port 8443']);
  for (const how of ['i/o timeout', 'connect: no route to host']) {
    const swallowed = await tried(how);
    assert.equal(swallowed?.outcome, 'warning');
    assert.match(
      swallowed.findings[0]?.text ?? '',
      /none of Pod kube-system\/a, Pod kube-system\/b is reached at port 8443/,
    );
  }
});

test('manifests without a controller are none of this chart', () => {
  assert.throws(() => new Planned([policy]), /no Deployment of the controller/);
});
