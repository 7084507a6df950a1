import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { PODS } from '../../../kubernetes/resources.ts';
import { APP, TriggerScene } from '../../../test/support/trigger-scene.ts';

type Labels = Readonly<Record<string, string>>;
const PRESETS: [preset: string, labels: Labels, leader: Labels][] = [
  ['patroni', { 'cluster-name': 'db' }, { role: 'primary' }],
  ['patroni', { 'cluster-name': 'db' }, { role: 'master' }],
  ['zalando', { application: 'spilo', 'cluster-name': 'db' }, { 'spilo-role': 'master' }],
  [
    'crunchy',
    { 'postgres-operator.crunchydata.com/cluster': 'db' },
    { 'postgres-operator.crunchydata.com/role': 'master' },
  ],
  ['stackgres', { 'stackgres.io/cluster': 'true', 'stackgres.io/cluster-name': 'db' }, { role: 'master' }],
];
const LEADER = { 'cluster-name': 'db', role: 'primary' };
const REPLICA = { 'cluster-name': 'db', role: 'replica' };

let kube: TriggerScene;

beforeEach(() => {
  kube = new TriggerScene();
  kube.configure({ kind: 'pod-label', namespace: APP, preset: 'patroni', cluster: 'db' });
});

afterEach(() => kube.end());

/** What Patroni keeps of a member. */
const member = (role: string, timeline?: number) => ({
  annotations: { status: JSON.stringify({ role, state: 'running', ...(timeline && { timeline }) }) },
});

function relabel(name: string, labels: object, annotations: object = {}): void {
  kube.change(PODS, { metadata: { namespace: APP, name, labels, annotations } });
}

function setServing(name: string, status: 'True' | 'False'): void {
  kube.change(PODS, {
    metadata: { namespace: APP, name },
    status: { conditions: [{ type: 'Ready', status }] },
  });
}

for (const [preset, labels, leader] of PRESETS) {
  test(`the leader is found by the labels of ${preset}: ${JSON.stringify(leader)}`, async () => {
    kube.configure({ kind: 'pod-label', namespace: APP, preset, cluster: 'db' });
    kube.createPod('db-0', 'us-1', { labels: { ...labels, ...leader }, ...member('primary', 3) });
    kube.createPod('db-1', 'eu-1', { labels: { ...labels, role: 'replica' } });
    kube.createPod('other-0', 'eu-1', { labels: leader });
    assert.equal(await kube.look(), 'db-0@us-1');
  });
}

test('no leader, and one without a node, hold', async () => {
  kube.createPod('db-0', 'us-1', { labels: REPLICA });
  assert.equal(await kube.look(), 'PrimaryEmpty');
  kube.createPod('db-1', undefined, { labels: LEADER });
  assert.equal(await kube.look(), 'PodWithoutNode');
});

test('the leader of a standby cluster is no primary, whatever its label says', async () => {
  kube.createPod('db-0', 'us-1', { labels: LEADER, ...member('standby_leader', 7) });
  assert.equal(await kube.look(), 'StandbyCluster');
  relabel('db-0', LEADER, member('primary', 8).annotations);
  assert.equal(await kube.look(), 'db-0@us-1');
});

describe('of several with the label', () => {
  test('the one that was promoted last leads', async () => {
    kube.createPod('db-0', 'us-1', { labels: LEADER, ...member('primary', 3) });
    kube.createPod('db-1', 'eu-1', { labels: LEADER, ...member('primary', 4) });
    assert.equal(await kube.look(), 'db-1@eu-1');
  });

  test('nobody leads while nothing tells them apart', async () => {
    kube.createPod('db-0', 'us-1', { labels: LEADER, ...member('primary', 3) });
    for (const annotations of [member('primary', 3), member('primary'), {}]) {
      kube.createPod('db-1', 'eu-1', { labels: LEADER, ...annotations });
      const seen = await kube.observe();
      assert.ok(seen.kind === 'unknown' && seen.reason === 'PrimaryAmbiguous');
      assert.match(
        seen.message,
        /^pods db-0, db-1 are all labelled as cluster-name=db,role in \(master,primary\)$/,
      );
      kube.server.delete('test', PODS, { namespace: APP, name: 'db-1' }, {});
    }
  });

  test('however many they are, only some are named, and a list of them is compared once', async (t) => {
    const COUNT = 40;
    for (let index = 0; index < COUNT; index += 1)
      kube.createPod(`db-${String(index).padStart(250, '0')}`, 'us-1', {
        labels: LEADER,
        ...member('primary', 3),
      });
    const seen = await kube.observe();
    assert.ok(seen.kind === 'unknown' && seen.reason === 'PrimaryAmbiguous');
    assert.match(seen.message, /0000, db-.* and 35 more are all labelled as /);
    assert.ok(seen.message.length < 2_000, `${seen.message.length} characters`);
    const stringify = t.mock.method(JSON, 'stringify');
    await kube.watch();
    const compared = stringify.mock.calls.filter(
      ({ result }) => result?.includes('PrimaryAmbiguous') === true,
    );
    assert.equal(compared.length, 1);
  });

  test('the one that serves leads, when nothing is known of their timelines', async () => {
    kube.createPod('db-0', 'us-1', { labels: LEADER });
    kube.createPod('db-1', 'eu-1', { labels: LEADER });
    setServing('db-0', 'False');
    assert.equal(await kube.look(), 'db-1@eu-1');
  });
});

test('an annotation that Patroni cannot have written holds, but only where Patroni is said to be', async () => {
  for (const status of ['not JSON', '[]x', '3', 'null']) {
    kube.createPod('db-0', 'us-1', { labels: LEADER, annotations: { status } });
    kube.configure({ kind: 'pod-label', namespace: APP, preset: 'patroni', cluster: 'db' });
    kube.restart();
    assert.equal(await kube.look(), 'SourceInvalid', status);
    kube.configure({ kind: 'pod-label', namespace: APP, selector: 'role=primary' });
    kube.restart();
    assert.equal(await kube.look(), 'db-0@us-1', status);
    kube.server.delete('test', PODS, { namespace: APP, name: 'db-0' }, {});
  }
});

test('a pod that has ended leads nothing, though it keeps its label', async () => {
  kube.createPod('db-0', 'us-1', { labels: LEADER, ...member('primary', 9) });
  kube.change(PODS, {
    metadata: { namespace: APP, name: 'db-0' },
    status: { phase: 'Failed', reason: 'Evicted' },
  });
  assert.equal(await kube.look(), 'PodEnded');
  kube.createPod('db-1', 'eu-1', { labels: LEADER, ...member('primary', 4) });
  assert.equal(await kube.look(), 'db-1@eu-1');
});

test('another role, another timeline and an end wake the controller at once; what decides nothing does not', async () => {
  kube.createPod('db-0', 'us-1', { labels: LEADER, ...member('primary', 3) });
  kube.createPod('db-1', 'eu-1', { labels: LEADER, ...member('primary', 2) });
  await kube.watch();
  const wakes = (name: string, role: string, timeline: number) =>
    kube.wakesBy(() => relabel(name, LEADER, member(role, timeline).annotations));
  assert.equal(await wakes('db-1', 'primary', 1), false, 'it has lost either way');
  assert.equal(
    await kube.wakesBy(() => setServing('db-0', 'False')),
    false,
    'their timelines tell them apart',
  );
  assert.equal(await wakes('db-1', 'primary', 4), true);
  assert.equal(await kube.look(), 'db-1@eu-1');
  assert.equal(await wakes('db-1', 'standby_leader', 4), true);
  assert.equal(await kube.look(), 'StandbyCluster');
  const end = () =>
    kube.change(PODS, { metadata: { namespace: APP, name: 'db-1' }, status: { phase: 'Failed' } });
  assert.equal(await kube.wakesBy(end), true);
  assert.equal(await kube.look(), 'db-0@us-1');
});

test('a new leader wakes the controller, more WAL does not', async () => {
  kube.createPod('db-0', 'us-1', { labels: LEADER, ...member('primary', 3) });
  kube.createPod('db-1', 'eu-1', { labels: REPLICA, ...member('replica', 3) });
  await kube.watch();
  assert.equal(await kube.wakesBy(() => relabel('db-0', LEADER, { status: '{"xlog_location":1}' })), false);
  assert.equal(await kube.wakesBy(() => relabel('db-1', LEADER)), true);
  assert.equal(await kube.wakesBy(() => relabel('db-0', REPLICA)), true);
});
