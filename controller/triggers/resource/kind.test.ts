import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { namespaced } from '../../../kubernetes/resources.ts';
import { APP, TriggerScene } from '../../../test/support/trigger-scene.ts';

const CLUSTERS = namespaced('mysql.example.com/v2', 'clusters', 'Cluster');
const KEY = { namespace: APP, name: 'db' };
const SETTINGS = { kind: 'resource', apiVersion: 'mysql.example.com/v2', resource: 'clusters', ...KEY };

let kube: TriggerScene;

beforeEach(() => {
  kube = new TriggerScene();
  kube.configure({ ...SETTINGS, path: '.status.primary' });
  kube.createPod('db-0', 'us-1');
  kube.createPod('db-1', 'eu-1');
});

afterEach(() => kube.end());

const setStatus = (status: object) => kube.change(CLUSTERS, { metadata: KEY, status });

test('the pod that the field names is followed', async () => {
  assert.equal(await kube.look(), 'SourceNotFound');
  kube.create(CLUSTERS, { metadata: KEY });
  assert.equal(await kube.look(), 'PrimaryEmpty');
  setStatus({ primary: 'db-0' });
  assert.equal(await kube.look(), 'db-0@us-1');
  setStatus({ primary: 'db-1' });
  assert.equal(await kube.look(), 'db-1@eu-1');
  setStatus({ primary: 'db-7' });
  assert.equal(await kube.look(), 'PodNotFound');
});

test('an object that is being deleted names nobody any more', async () => {
  kube.create(CLUSTERS, { metadata: KEY });
  setStatus({ primary: 'db-0' });
  await kube.watch();
  const remove = () =>
    kube.change(CLUSTERS, { metadata: { ...KEY, deletionTimestamp: '2026-01-01T00:00:00Z' } });
  assert.equal(await kube.wakesBy(remove), true);
  assert.equal(await kube.look(), 'ClusterDeleting');
});

test('so is the node, where it names one', async () => {
  kube.configure({ ...SETTINGS, path: '$.status.node', names: 'node' });
  kube.create(CLUSTERS, { metadata: KEY });
  setStatus({ node: 'eu-1' });
  assert.equal(await kube.look(), 'eu-1@eu-1');
});

test('what is no name holds, and the message shows it, shortened', async () => {
  kube.create(CLUSTERS, { metadata: KEY });
  for (const [primary, message] of [
    [7, 'clusters.mysql.example.com app/db at $.status.primary has 7, which is no name'],
    ['DB 0', 'clusters.mysql.example.com app/db at $.status.primary has "DB 0", which is no name'],
    [
      'X'.repeat(5000),
      `clusters.mysql.example.com app/db at $.status.primary has "${'X'.repeat(60)}…", which is no name`,
    ],
  ] as const) {
    setStatus({ primary });
    assert.deepEqual(await kube.observe(), { kind: 'unknown', reason: 'SourceInvalid', message });
  }
});

test('another name wakes the controller, another field does not', async () => {
  kube.create(CLUSTERS, { metadata: KEY });
  setStatus({ primary: 'db-0', members: 2 });
  await kube.watch();
  assert.equal(await kube.wakesBy(() => setStatus({ members: 3 })), false);
  assert.equal(await kube.wakesBy(() => setStatus({ primary: 'db-1' })), true);
});
