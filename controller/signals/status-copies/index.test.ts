import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Status } from '../../../contract/status.ts';
import { KubeError } from '../../../kubernetes/errors.ts';
import { CONFIG_MAPS, type ConfigMap, NAMESPACES, PODS } from '../../../kubernetes/resources.ts';
import { FakeCluster, OPS, TestLeadership } from '../../../test/support/fake-cluster.ts';
import { statusAt } from '../../../test/support/status.ts';
import { sharedParts } from '../shared-parts.ts';
import type { PublishedStatus } from '../signal.ts';
import { SignalWorker } from '../worker.ts';
import { StatusCopies } from './index.ts';

const NAME = 'kube-site-follower-status';
const COPY = {
  'app.kubernetes.io/managed-by': 'kube-site-follower',
  'site-follower/role': 'copy',
  'site-follower/follower': 'default',
  'site-follower/source': OPS,
};

let kube: FakeCluster;
let leadership: TestLeadership;
let refused: string[];
let failed: string[];
let counts: { readonly wanted: number; readonly present: number } | undefined;
let worker: SignalWorker;

beforeEach(() => {
  kube = new FakeCluster([OPS, 'plain', 'app', 'shop']);
  leadership = new TestLeadership();
  refused = [];
  failed = [];
  counts = undefined;
});

afterEach(async () => {
  leadership.end();
  await kube.clock.advance(30_000);
  assert.equal(kube.process.pending, 0, 'a timer was left');
});

function start(): void {
  const signal = new StatusCopies({
    ports: kube.watchPorts,
    namespaces: sharedParts(kube.watchPorts, ['default']),
    follower: 'default',
    name: NAME,
    namespace: OPS,
    onRefused: (namespace) => refused.push(namespace),
    onFailure: (copy) => failed.push(copy),
    onCount: (given) => {
      counts = given;
    },
  });
  const ports = { clock: kube.process, random: kube.random.next, onProgress: () => undefined };
  worker = new SignalWorker(signal, ports);
  void worker.run(leadership);
}

const soon = () => kube.clock.advance(2_000);

function publish(epoch: number, changes: Partial<Status> = {}): void {
  const status = statusAt('us', { epoch, ...changes });
  const state: PublishedStatus = { follower: 'default', status, site: undefined };
  worker.publish(state);
}

function ask(name: string, wanted = 'true'): void {
  kube.change(NAMESPACES, { metadata: { name, labels: { 'site-follower/status': wanted } } });
}

function injectedPod(namespace: string, name: string, labels: Record<string, string> = {}): void {
  kube.create(PODS, { metadata: { namespace, name, labels: { 'site-follower/inject': 'true', ...labels } } });
}

const removePod = (namespace: string, name: string) =>
  kube.server.delete('test', PODS, { namespace, name }, {});
const find = (namespace: string) => kube.server.find<ConfigMap>(CONFIG_MAPS, { namespace, name: NAME });

/** The epoch of the copy in each namespace that has one. */
function copies(): string {
  const namespaces = [OPS, 'app', 'plain', 'shop'];
  const found = namespaces.map((namespace) => [namespace, find(namespace)?.data?.epoch] as const);
  return found
    .flatMap(([namespace, epoch]) => (epoch === undefined ? [] : [`${namespace}:${epoch}`]))
    .join(' ');
}

describe('copies of the status', () => {
  test('are made where a namespace asks or has injected pods, and nowhere else', async () => {
    ask('app');
    injectedPod('shop', 'web-1');
    ask('plain', 'false');
    injectedPod('plain', 'pg-1', { 'cnpg.io/podRole': 'instance' });
    start();
    publish(7);
    await soon();
    removePod('plain', 'pg-1');
    await soon();
    assert.equal(copies(), 'app:7 shop:7');
    assert.deepEqual(find('app')?.metadata.labels, COPY);
    assert.equal(find('app')?.data?.['active-site'], 'us');
  });

  test('are replaced unread where somebody made one of another size, and removed where nobody asks', async () => {
    const text = { text: 'x'.repeat(1_000_000) };
    ask('app');
    const annotations = { mine: 'stays' };
    kube.create(CONFIG_MAPS, {
      metadata: { namespace: 'app', name: NAME, labels: COPY },
      data: text,
    } as ConfigMap);
    kube.create(CONFIG_MAPS, {
      metadata: { namespace: 'plain', name: NAME, labels: COPY },
      data: text,
    } as ConfigMap);
    ask('shop');
    kube.create(CONFIG_MAPS, {
      metadata: { namespace: 'shop', name: NAME, labels: COPY, annotations },
      data: { epoch: '6' },
    } as ConfigMap);
    start();
    publish(7);
    await soon();
    assert.equal(copies(), 'app:7 shop:7');
    assert.equal(find('app')?.data?.text, undefined);
    assert.deepEqual(find('shop')?.metadata.annotations, annotations);
    assert.equal(find('plain'), undefined);
    const reads = kube.count('get configmaps');
    publish(8);
    await soon();
    assert.equal(copies(), 'app:8 shop:8');
    assert.equal(kube.count('get configmaps'), reads, 'our own are not read again');
  });

  test('follow each change of the status', async () => {
    ask('app');
    ask('shop');
    start();
    publish(7);
    await soon();
    publish(8);
    await soon();
    assert.equal(copies(), 'app:8 shop:8');
    assert.deepEqual(failed, []);
  });

  test('cost one write a second while the status flaps, and lose neither its last word nor a move', async () => {
    ask('app');
    ask('shop');
    start();
    publish(7);
    await soon();
    const flap = (flips: number) => ({
      phase: flips % 2 === 0 ? ('Transitioning' as const) : ('Settled' as const),
      lastUpdated: `at ${flips}`,
    });
    const before = kube.changes.length;
    for (let flips = 0; flips < 100; flips += 1) {
      publish(7, flap(flips));
      await kube.clock.advance(50);
    }
    const writes = kube.changes.length - before;
    assert.ok(writes >= 8 && writes <= 14, `${writes} writes of two copies in five seconds`);
    publish(7, { phase: 'Transitioning', lastUpdated: 'the last word' });
    await kube.clock.advance(1_200);
    for (const namespace of ['app', 'shop']) {
      assert.equal(find(namespace)?.data?.['last-updated'], 'the last word');
    }

    publish(7, { phase: 'Settled' });
    await kube.clock.advance(150);
    publish(8, { activeSite: 'eu' });
    await kube.clock.advance(150);
    assert.equal(copies(), 'app:8 shop:8', 'a move waits for nothing');
    publish(8, { activeSite: 'eu', phase: 'Transitioning' });
    await kube.clock.advance(150);
    assert.equal(find('app')?.data?.phase, 'Settled');
    publish(8, { activeSite: 'eu' });
    const settled = kube.changes.length;
    await kube.clock.advance(5_000);
    assert.deepEqual(
      [kube.changes.length, find('app')?.data?.phase],
      [settled, 'Settled'],
      'it was so already',
    );
  });

  test('come and go with the wish, at once', async () => {
    start();
    publish(7);
    await soon();
    ask('app');
    injectedPod('shop', 'web-1');
    injectedPod('shop', 'web-2');
    await soon();
    assert.equal(copies(), 'app:7 shop:7');
    ask('app', 'no');
    removePod('shop', 'web-1');
    await soon();
    assert.equal(copies(), 'shop:7');
    removePod('shop', 'web-2');
    await soon();
    assert.equal(copies(), '');
  });

  test('are restored when somebody edits or deletes them', async () => {
    ask('app');
    ask('shop');
    start();
    publish(7);
    await soon();
    kube.server.delete('test', CONFIG_MAPS, { namespace: 'app', name: NAME }, {});
    kube.change(CONFIG_MAPS, {
      metadata: { namespace: 'shop', name: NAME },
      data: { epoch: '99', more: 'x' },
    });
    await soon();
    assert.equal(copies(), 'app:7 shop:7');
    assert.equal(find('shop')?.data?.more, undefined);
  });

  test('are not written while nothing differs', async () => {
    ask('app');
    start();
    publish(7);
    await soon();
    const before = kube.changes.length;
    await kube.clock.advance(5 * 60_000);
    assert.equal(kube.changes.length, before);
  });

  test('in the namespace of the status itself is removed', async () => {
    kube.create<ConfigMap>(CONFIG_MAPS, { metadata: { namespace: OPS, name: NAME, labels: COPY } });
    ask('app');
    ask(OPS);
    start();
    publish(7);
    await soon();
    assert.equal(copies(), 'app:7');
    assert.equal(find(OPS), undefined);
  });

  test('of a former name is left to people: by another name none may be read, changed or removed', async () => {
    const former = { namespace: 'app', name: 'old-name' };
    kube.create<ConfigMap>(CONFIG_MAPS, { metadata: { ...former, labels: COPY } });
    ask('app');
    start();
    publish(7);
    await soon();
    assert.equal(copies(), 'app:7');
    assert.notEqual(kube.server.find(CONFIG_MAPS, former), undefined);
  });

  test('of another follower are left alone', async () => {
    const labels = { ...COPY, 'site-follower/follower': 'other' };
    kube.create<ConfigMap>(CONFIG_MAPS, { metadata: { namespace: 'app', name: 'other-status', labels } });
    start();
    publish(7);
    await soon();
    assert.ok(kube.server.find(CONFIG_MAPS, { namespace: 'app', name: 'other-status' }) !== undefined);
  });

  test('are not made in a namespace that is being deleted', async () => {
    const metadata = { name: 'gone', labels: { 'site-follower/status': 'true' } };
    kube.create(NAMESPACES, { metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } });
    start();
    publish(7);
    await soon();
    assert.equal(find('gone'), undefined);
    assert.deepEqual(failed, []);
  });

  test('are counted: those wanted and those there', async () => {
    ask('app');
    ask('shop');
    ask(OPS);
    start();
    publish(7);
    await kube.clock.advance(2 * 60_000);
    assert.deepEqual(counts, { wanted: 2, present: 2 });
  });
});

describe('a ConfigMap of the same name that is not ours', () => {
  for (const [name, labels] of [
    ['without labels', {}],
    ['that has lost one of our labels', { ...COPY, 'site-follower/follower': 'other' }],
    ['that another installation keeps', { ...COPY, 'site-follower/source': 'elsewhere' }],
  ] as const) {
    test(`${name} is left alone, and told`, async () => {
      const metadata = { namespace: 'app', name: NAME, labels };
      const theirs = kube.create<ConfigMap>(CONFIG_MAPS, { metadata, data: { mine: 'yes' } });
      ask('app');
      ask('shop');
      start();
      publish(7);
      await soon();
      assert.deepEqual(find('app'), theirs);
      assert.equal(copies(), 'shop:7');
      assert.deepEqual([...new Set(refused)], ['app']);
    });
  }
});

describe('copies, when things go wrong', () => {
  test('nothing is removed or made before all lists are there', async () => {
    kube.create<ConfigMap>(CONFIG_MAPS, {
      metadata: { namespace: 'app', name: NAME, labels: COPY },
      data: {},
    });
    ask('shop');
    injectedPod('app', 'web-1');
    const forbidden = new KubeError('pods is forbidden', { status: 403, reason: 'Forbidden' });
    kube.judge = ({ verb, resource }) =>
      verb === 'list' && resource.plural === 'pods' ? forbidden : undefined;
    start();
    publish(7);
    await kube.clock.advance(60_000);
    assert.deepEqual([find('app')?.data, find('shop')], [{}, undefined]);
    kube.judge = () => undefined;
    await kube.clock.advance(60_000);
    assert.equal(copies(), 'app:7 shop:7');
  });

  test('a namespace that refuses its copy holds up no other, and gets it in the end', async () => {
    ask('app');
    ask('shop');
    const full = new KubeError('exceeded quota', { status: 403, reason: 'Forbidden' });
    kube.judge = ({ verb, key }) => (verb === 'create' && key.namespace === 'app' ? full : undefined);
    start();
    publish(7);
    await soon();
    assert.equal(copies(), 'shop:7');
    assert.equal(failed[0], `app/${NAME}`);
    await kube.clock.advance(10 * 60_000);
    const attempts = kube.count(`create configmaps app/${NAME}`);
    assert.ok(attempts >= 10 && attempts < 40, `${attempts} attempts in ten minutes`);
    kube.judge = () => undefined;
    publish(8);
    await soon();
    assert.equal(copies(), 'app:8 shop:8');
  });

  for (const [name, depose] of [
    ['has stopped', () => leadership.end()],
    [
      'has lost the Lease without knowing it yet',
      () => {
        leadership.held = false;
      },
    ],
  ] as const) {
    test(`an older copy is never put over a newer one by a leader that ${name}`, async () => {
      ask('app');
      start();
      publish(7);
      await soon();
      kube.judge = ({ verb }) => {
        if (verb !== 'replace') return undefined;
        kube.judge = () => undefined;
        kube.change(CONFIG_MAPS, { metadata: { namespace: 'app', name: NAME }, data: { epoch: '9' } });
        depose();
        return undefined;
      };
      publish(8);
      await soon();
      assert.equal(copies(), 'app:9');
    });
  }

  test('a dead watch keeps no copy from being written', async () => {
    const metadata = { namespace: 'shop', name: NAME, labels: COPY };
    kube.create<ConfigMap>(CONFIG_MAPS, { metadata, data: {} });
    ask('app');
    ask('shop');
    kube.judge = ({ verb, resource }) =>
      verb === 'watch' && resource.plural === 'configmaps' ? 'refused' : undefined;
    start();
    for (const epoch of [7, 8, 9]) {
      publish(epoch);
      await soon();
      assert.equal(copies(), `app:${epoch} shop:${epoch}`);
    }
    kube.server.delete('test', CONFIG_MAPS, { namespace: 'shop', name: NAME }, {});
    publish(10);
    await soon();
    assert.equal(copies(), 'app:10 shop:10');
    assert.deepEqual(failed, []);
  });

  test('a leader that has stopped writes nothing more', async () => {
    start();
    publish(7);
    await soon();
    leadership.end();
    ask('app');
    publish(8);
    await kube.clock.advance(60_000);
    assert.equal(copies(), '');
  });
});
