import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeApi, KubeObject, Resource } from '../../kubernetes/api.ts';
import { KubeError } from '../../kubernetes/errors.ts';
import { checksBefore } from './before.ts';
import { runChecks } from './run.ts';
import { World } from './world.ts';

type Objects = Readonly<Record<string, readonly KubeObject[]>>;

const node = (name: string, zone: string | undefined, kubeletVersion = 'v1.34.4') => ({
  metadata: { name, labels: zone === undefined ? {} : { 'topology.kubernetes.io/zone': zone } },
  status: { nodeInfo: { kubeletVersion } },
});
const DEFAULT = { 'storageclass.kubernetes.io/is-default-class': 'true' };
const RIGHT: Objects = {
  nodes: [node('a', 'us-east'), node('b', 'eu-west')],
  storageclasses: [{ metadata: { name: 'fast', annotations: DEFAULT } }],
};

/** The outcome, note and findings of each check in a cluster of these objects; a kind that is not named is not served. */
async function look(objects: Objects, forbidden: readonly string[] = []) {
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
  });
  const { checks } = await runChecks(checksBefore('ops'), world);
  return new Map(checks.map((one) => [one.name, one]));
}

test('a cluster that has all is told so, and what to install', async () => {
  const found = await look(RIGHT);
  assert.deepEqual(
    [...found.values()].map(({ name, outcome, note }) => `${name} ${outcome} ${note}`),
    [
      'kubelets ok ',
      'zones ok eu-west, us-east',
      'installer ok ',
      'operator ok it is not, cloudnativepg.install=true brings it with a database',
      'storage ok fast',
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
