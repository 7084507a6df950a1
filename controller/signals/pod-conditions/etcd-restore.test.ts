import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Status } from '../../../contract/status.ts';
import { RestoreDetector } from '../../../kubernetes/etcd-restore.ts';
import { CONFIG_MAPS, PODS, type Pod } from '../../../kubernetes/resources.ts';
import { FakeCluster, TestLeadership } from '../../../test/support/fake-cluster.ts';
import { SignalWorker } from '../worker.ts';
import { gatedPods } from './gated-pods.ts';
import { PodConditions } from './index.ts';

test('pods get their condition again within seconds of an etcd that was restored', async (t) => {
  const kube = new FakeCluster(['app']);
  const leadership = new TestLeadership();
  const key = { namespace: 'app', name: 'web' };
  kube.create<Pod>(PODS, {
    metadata: { ...key, labels: { 'site-follower/gate': 'condition' } },
    spec: { nodeName: 'us-1' },
  });
  const copy = kube.server.copy();
  const api = new RestoreDetector(kube.api);
  const ports = { ...kube.watchPorts, api };
  const signal = new PodConditions({
    ports,
    watchedPods: gatedPods(ports),
    follower: 'default',
    subject: { kind: 'lease', namespace: 'app' },
    order: 'new-site-first',
    onFailure: () => undefined,
  });
  const worker = new SignalWorker(signal, {
    clock: kube.process,
    random: kube.random.next,
    onProgress: () => undefined,
  });
  const running = worker.run(leadership);
  t.after(async () => {
    leadership.end();
    await kube.clock.advance(60_000);
    await running;
  });
  const status = { activeSite: 'us', epoch: 1, sites: { us: ['us-1'] } } as unknown as Status;
  worker.publish({ follower: 'default', status, site: { name: 'us', nodeNames: [] } });
  await kube.clock.advance(20_000);
  const conditions = () => kube.server.get(PODS, key).status?.conditions?.length ?? 0;
  assert.equal(conditions(), 1);
  for (let count = 0; count < 30; count += 1) {
    kube.create(CONFIG_MAPS, { metadata: { namespace: 'app', name: `other-${count}` } });
  }
  const before = api.list(CONFIG_MAPS, { namespace: 'app' });
  await kube.clock.advance(100);
  await before;
  kube.server.restored('test', copy, () => false);
  assert.equal(conditions(), 0);
  // What every replica does all the time: it asks for its Lease, and for the status.
  const asking = api.list(CONFIG_MAPS, { namespace: 'app' });
  await kube.clock.advance(2_000);
  await asking;
  await kube.clock.advance(10_000);
  assert.equal(conditions(), 1);
});
