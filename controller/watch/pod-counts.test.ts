import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { PODS, type Pod } from '../../kubernetes/resources.ts';
import { FakeCluster } from '../../test/support/fake-cluster.ts';
import { bySite, PodCounts } from './pod-counts.ts';

const INJECTED = { 'site-follower/status': 'injected' };
const SITES = { us: ['us-1', 'us-2'], eu: ['eu-1'] };

let kube: FakeCluster;
let counts: PodCounts;
let told: number;
let stop: AbortController;

beforeEach(() => {
  kube = new FakeCluster(['app']);
  told = 0;
  stop = new AbortController();
  counts = new PodCounts(kube.watchPorts, ['default', 'other'], () => (told += 1));
});

function create(
  name: string,
  nodeName: string,
  { ready = true, labels = {}, annotations = {}, phase = 'Running' } = {},
) {
  kube.create<Pod>(PODS, {
    metadata: {
      namespace: 'app',
      name,
      labels: { 'site-follower/inject': 'true', ...labels },
      annotations: { ...INJECTED, ...annotations },
    },
    ...(nodeName !== '' && { spec: { nodeName } }),
    status: { phase, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  });
}

async function sites(follower = 'default') {
  await kube.clock.advance(1_000);
  const nodes = counts.byNode(follower);
  return nodes && bySite(nodes, SITES);
}

test('nothing is known before the first list', async () => {
  assert.equal(counts.byNode('default'), undefined);
  void counts.run(stop.signal);
  assert.deepEqual(await sites(), {
    us: { ready: 0, total: 0, gatedReady: 0, missed: 0 },
    eu: { ready: 0, total: 0, gatedReady: 0, missed: 0 },
  });
});

test('pods count in the site of their node, for their follower', async () => {
  create('a', 'us-1');
  create('b', 'us-2', { ready: false });
  create('c', 'eu-1', { annotations: { 'site-follower/gate': 'none' } });
  create('d', 'moon-1');
  create('e', 'us-1', { annotations: { 'site-follower/follower': 'other' } });
  create('member', 'us-1', { labels: { 'cnpg.io/podRole': 'instance' } });
  create('f', 'us-1', { annotations: { 'site-follower/follower': 'nobody/us-1/r' } });
  create('g', '');
  create('h', 'us-1', { phase: 'Succeeded' });
  create('i', 'us-1', { labels: { 'site-follower/inject': 'false' } });
  void counts.run(stop.signal);
  assert.deepEqual(await sites(), {
    us: { ready: 1, total: 2, gatedReady: 1, missed: 0 },
    eu: { ready: 1, total: 1, gatedReady: 0, missed: 0 },
    '': { ready: 1, total: 1, gatedReady: 1, missed: 0 },
  });
  assert.equal((await sites('other'))?.us?.total, 1);
});

test('a pod that asked and has no sidecar is missed', async () => {
  const labels = { 'site-follower/inject': 'true' };
  kube.create<Pod>(PODS, { metadata: { namespace: 'app', name: 'a', labels }, spec: { nodeName: 'us-1' } });
  void counts.run(stop.signal);
  assert.deepEqual((await sites())?.us, { ready: 0, total: 1, gatedReady: 0, missed: 1 });
});

test('it follows what changes, and tells of a storm a few times', async () => {
  void counts.run(stop.signal);
  await kube.clock.advance(1_000);
  told = 0;
  for (let index = 0; index < 50; index += 1) create(`pod-${index}`, 'us-1', { ready: false });
  await kube.clock.advance(500);
  for (let index = 0; index < 50; index += 1) {
    const conditions = [{ type: 'Ready', status: 'True' }];
    kube.change(PODS, { metadata: { namespace: 'app', name: `pod-${index}` }, status: { conditions } });
  }
  assert.deepEqual((await sites())?.us, { ready: 50, total: 50, gatedReady: 50, missed: 0 });
  for (let index = 0; index < 50; index += 1)
    kube.server.delete('test', PODS, { namespace: 'app', name: `pod-${index}` }, {});
  assert.equal((await sites())?.us?.total, 0);
  assert.ok(told >= 3 && told <= 10, `told ${told} times`);
});
