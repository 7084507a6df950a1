import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Status } from '../../../contract/status.ts';
import { PODS, type Pod } from '../../../kubernetes/resources.ts';
import { FakeCluster, OPS, TestLeadership } from '../../../test/support/fake-cluster.ts';
import type { PublishedStatus } from '../signal.ts';
import { SignalWorker } from '../worker.ts';
import { gatedPods } from './gated-pods.ts';
import { PodConditions } from './index.ts';
import type { ConditionOrder } from './plan.ts';

const SITES = { us: ['us-1'], eu: ['eu-1'] };
const INSTANCE = { 'cnpg.io/podRole': 'instance' };
const READY = { type: 'Ready', status: 'True' };

let kube: FakeCluster;
let leadership: TestLeadership;
let failed: string[];
let worker: SignalWorker;

beforeEach(() => {
  kube = new FakeCluster([OPS, 'app', 'shop']);
  leadership = new TestLeadership();
  failed = [];
});

afterEach(async () => {
  leadership.end();
  await kube.clock.advance(120_000);
  assert.equal(kube.process.pending, 0, 'a timer was left');
});

function start(order: ConditionOrder = 'new-site-first'): void {
  const signal = new PodConditions({
    ports: kube.watchPorts,
    watchedPods: gatedPods(kube.watchPorts),
    subject: { kind: 'lease', namespace: 'app' },
    follower: 'default',
    order,
    onFailure: (pod) => failed.push(pod),
  });
  const ports = { clock: kube.process, random: kube.random.next, onProgress: () => undefined };
  worker = new SignalWorker(signal, ports);
  void worker.run(leadership);
}

const soon = () => kube.clock.advance(1_500);

function publish(
  activeSite: string,
  epoch: number,
  sites: Record<string, string[]> = SITES,
  primary = '',
): void {
  const status = { activeSite, epoch, sites, primary } as unknown as Status;
  const state: PublishedStatus = { follower: 'default', status, site: { name: activeSite, nodeNames: [] } };
  worker.publish(state);
}

function pod(
  name: string,
  nodeName: string | undefined,
  annotations: Record<string, string> = {},
  labels: Record<string, string> = {},
  namespace = 'app',
): void {
  kube.create<Pod>(PODS, {
    metadata: {
      namespace,
      name,
      labels: { 'site-follower/gate': 'condition', ...labels },
      annotations,
    },
    spec: nodeName === undefined ? {} : { nodeName },
    status: { conditions: [READY] },
  });
}

const conditions = (name: string) =>
  kube.server.get(PODS, { namespace: 'app', name }).status?.conditions ?? [];
const active = (name: string) => conditions(name).find(({ type }) => type === 'site-follower/active');

/** The pods that the client has written, in their order. */
const written = (since = 0) =>
  kube.calls.slice(since).flatMap((call) => /^patch pods app\/(.*)/.exec(call)?.[1] ?? []);

describe('pods that are gated by a condition', () => {
  test('keep it as it is where their node is in no site any more, until the site moves', async () => {
    pod('a', 'us-1');
    pod('b', 'eu-1');
    start();
    publish('us', 3);
    await soon();
    const calls = kube.calls.length;
    publish('us', 3, { us: [], eu: [] });
    await soon();
    assert.deepEqual(written(calls), []);
    publish('eu', 4, { us: [], eu: [] });
    await soon();
    assert.deepEqual(
      ['a', 'b'].map((name) => active(name)?.message),
      ['eu is active, epoch 4; this pod is in us', 'eu is active, epoch 4; this pod is in eu'],
    );
    assert.deepEqual([active('a')?.status, active('b')?.status], ['False', 'True']);
  });

  test('have it by their site, beside what the kubelet says', async () => {
    pod('a', 'us-1');
    pod('b', 'eu-1');
    pod('c', 'moon-1');
    start();
    publish('us', 3);
    await soon();
    assert.deepEqual(
      ['a', 'b', 'c'].map((name) => active(name)?.status),
      ['True', 'False', 'False'],
    );
    assert.deepEqual(conditions('a')[0], READY);
    assert.equal(active('b')?.message, 'us is active, epoch 3; this pod is in eu');
    assert.equal(active('c')?.reason, 'NodeWithoutSite');
  });

  test('get it as soon as they have a node, and none before a site is active', async () => {
    pod('a', 'us-1');
    start();
    await soon();
    assert.equal(active('a'), undefined);
    publish('us', 3);
    pod('b', undefined);
    await soon();
    assert.equal(active('b'), undefined);
    kube.change(PODS, { metadata: { namespace: 'app', name: 'b' }, spec: { nodeName: 'eu-1' } });
    await soon();
    assert.equal(active('b')?.status, 'False');
  });

  test('of a database come free at once, whichever site is active, and also while none is', async () => {
    pod('free', 'eu-1', {}, INSTANCE);
    start();
    worker.publish({ follower: 'default', status: { sites: SITES } as unknown as Status, site: undefined });
    await soon();
    assert.deepEqual([active('free')?.status, active('free')?.reason], ['True', 'DatabaseMember']);
    assert.match(
      active('free')?.message ?? '',
      /^it waits for no site: it is an instance of CloudNativePG, which could not take over/,
    );
    publish('us', 3);
    pod('new', undefined, {}, INSTANCE);
    await soon();
    publish('eu', 4);
    await soon();
    assert.deepEqual([active('free')?.status, active('new')?.status], ['True', 'True']);
    const writes = written().filter((name) => name === 'free');
    assert.equal(writes.length, 1, 'no move is a reason to write');
  });

  test('of the workload that is followed come free as soon as it is known', async () => {
    const owned = (name: string) => {
      pod(name, 'eu-1');
      const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'main', uid: 'u', controller: true };
      kube.change(PODS, { metadata: { namespace: 'app', name, ownerReferences: [owner] } });
    };
    owned('main-1');
    pod('web', 'eu-1');
    start();
    publish('us', 3, SITES, 'main-0');
    await soon();
    owned('main-2');
    await soon();
    assert.deepEqual(
      ['main-1', 'main-2', 'web'].map((name) => active(name)?.status),
      ['True', 'True', 'False'],
    );
    assert.equal(
      active('main-1')?.message,
      'it waits for no site: it is a member of what is followed, which could not take over while it stands by',
    );
  });

  test('of a database do not wait for others, nor others for them', async () => {
    pod('a', 'us-1');
    start('old-site-first');
    publish('us', 3);
    await soon();
    kube.judge = (call) =>
      call.verb === 'patch' && call.key.name !== 'member' ? new Error('the server says no') : undefined;
    publish('eu', 4);
    pod('member', 'us-1', {}, INSTANCE);
    await soon();
    assert.equal(active('member')?.status, 'True');
  });

  test('that listen to another follower, or are not gated, are left alone', async () => {
    pod('a', 'us-1', { 'site-follower/follower': 'orders' });
    kube.create<Pod>(PODS, { metadata: { namespace: 'app', name: 'b' }, spec: { nodeName: 'us-1' } });
    start();
    publish('us', 3);
    await soon();
    assert.deepEqual(written(), []);
  });

  for (const [order, first] of [
    ['new-site-first', 'eu'],
    ['old-site-first', 'us'],
  ] as const) {
    test(`are moved ${order}, each with one write`, async () => {
      const names = Array.from({ length: 40 }, (_, index) => `${index % 2 === 0 ? 'us' : 'eu'}-${index}`);
      for (const name of names) pod(name, `${name.slice(0, 2)}-1`);
      start(order);
      publish('us', 3);
      await soon();
      const before = kube.calls.length;
      publish('eu', 4);
      await soon();
      const moved = written(before).map((name) => name.slice(0, 2));
      assert.equal(moved.length, names.length);
      assert.deepEqual(new Set(moved.slice(0, 20)), new Set([first]));
      assert.equal(active('eu-1')?.status, 'True');
      assert.equal(active('us-0')?.status, 'False');
    });
  }

  test('of the second site do not wait for ever for one of the first that cannot be written', async () => {
    pod('us', 'us-1');
    pod('eu', 'eu-1');
    start();
    publish('us', 3);
    await soon();
    kube.judge = (call) =>
      call.verb === 'patch' && call.key.name === 'eu' ? new Error('the server says no') : undefined;
    publish('eu', 4);
    await kube.clock.advance(5_000);
    // Nothing new by that, so no new patience.
    publish('eu', 4);
    await kube.clock.advance(4_000);
    assert.equal(active('us')?.status, 'True');
    await kube.clock.advance(2_000);
    assert.equal(active('us')?.status, 'False');
    assert.ok(failed.length > 1 && failed.every((name) => name === 'app/eu'));
    kube.judge = () => undefined;
    await kube.clock.advance(11_000);
    assert.equal(active('eu')?.status, 'True');
  });

  for (const order of ['new-site-first', 'old-site-first'] as const) {
    test(`wait for none of another namespace, however many it has that cannot be written, ${order}`, async () => {
      for (const site of ['us', 'eu']) {
        pod(site, `${site}-1`);
        for (let index = 0; index < 50; index += 1) pod(`${site}-${index}`, `${site}-1`, {}, {}, 'shop');
      }
      start(order);
      publish('us', 3);
      await soon();
      kube.judge = (call) =>
        call.verb === 'patch' && call.key.namespace === 'shop' ? new Error('the server says no') : undefined;
      publish('eu', 4);
      await soon();
      assert.deepEqual([active('eu')?.status, active('us')?.status], ['True', 'False']);
    });
  }

  test('are moved in order by the next leader, too, which first has to know them all', async () => {
    for (let index = 10; index < 50; index += 1) {
      const site = index % 2 === 0 ? 'us' : 'eu';
      pod(`${index}-${site}`, `${site}-1`);
    }
    start();
    publish('us', 3);
    await soon();
    leadership.end();
    await soon();
    leadership = new TestLeadership(2);
    const before = kube.calls.length;
    start();
    publish('eu', 4);
    await soon();
    const moved = written(before).map((name) => name.slice(-2));
    assert.deepEqual(moved, [...Array(20).fill('eu'), ...Array(20).fill('us')]);
  });

  test('of the new site wait for those of the old one where that goes first, also when they come later', async () => {
    pod('us', 'us-1');
    start('old-site-first');
    publish('us', 3);
    await soon();
    kube.judge = (call) =>
      call.verb === 'patch' && call.key.name === 'us' ? new Error('the server says no') : undefined;
    pod('eu', '');
    publish('eu', 4);
    await soon();
    for (const name of ['eu', 'later']) {
      if (name === 'later') pod(name, 'eu-1');
      else kube.change(PODS, { metadata: { namespace: 'app', name }, spec: { nodeName: 'eu-1' } });
      await soon();
      assert.equal(active(name), undefined);
    }
    kube.judge = () => undefined;
    await kube.clock.advance(11_000);
    assert.deepEqual(
      ['us', 'eu', 'later'].map((name) => active(name)?.status),
      ['False', 'True', 'True'],
    );
  });

  test('are left alone from when they listen to another follower', async () => {
    pod('a', 'us-1');
    start();
    publish('us', 3);
    await soon();
    const annotations = { 'site-follower/follower': 'orders' };
    kube.change(PODS, { metadata: { namespace: 'app', name: 'a', annotations } });
    await soon();
    publish('eu', 4);
    await soon();
    assert.equal(active('a')?.status, 'True');
  });

  test('have it restored, and survive a write of the kubelet at the same time', async () => {
    pod('a', 'us-1');
    start();
    publish('us', 3);
    await soon();
    kube.change(PODS, { metadata: { namespace: 'app', name: 'a' }, status: { conditions: [READY] } });
    await soon();
    assert.equal(active('a')?.status, 'True');
    const key = { namespace: 'app', name: 'a' };
    kube.server.patch('kubelet', PODS, key, { metadata: { labels: { more: 'x' } } }, { type: 'merge' });
    publish('eu', 4);
    await soon();
    assert.equal(active('a')?.status, 'False');
    assert.equal(kube.count('list pods app/metadata.name=a'), 1);
    assert.deepEqual(failed, []);
  });

  test('are not written by one whose Lease has run out', async () => {
    pod('a', 'us-1');
    leadership.held = false;
    start();
    publish('us', 3);
    await soon();
    assert.deepEqual(written(), []);
  });
});
