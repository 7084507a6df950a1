import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Status } from '../../../contract/status.ts';
import type { OwnerReference } from '../../../kubernetes/api.ts';
import { NODES, PODS, type Pod, SERVICES, type Service } from '../../../kubernetes/resources.ts';
import { FakeCluster, OPS, TestLeadership } from '../../../test/support/fake-cluster.ts';
import type { PublishedStatus } from '../../state.ts';
import { SignalWorker } from '../worker.ts';
import { FollowServices } from './index.ts';

const SITES = { us: ['us-1'], eu: ['eu-1'] };
const WEB = { namespace: 'app', name: 'web' };
const FOLLOW = { 'site-follower/follow': 'true' };

let kube: FakeCluster;
let leadership: TestLeadership;
let happened: string[];
let failed: string[];
let counts: object | undefined;
let worker: SignalWorker;

beforeEach(() => {
  kube = new FakeCluster([OPS, 'app', 'shop']);
  leadership = new TestLeadership();
  happened = [];
  failed = [];
});

afterEach(async () => {
  leadership.end();
  await kube.clock.advance(120_000);
  assert.equal(kube.process.pending, 0, 'a timer was left');
  assert.deepEqual(kube.watchProblems, []);
});

function start(follower = 'default'): void {
  const signal = new FollowServices({
    ports: kube.watchPorts,
    follower,
    observer: {
      onTransition: (service, what) => happened.push(`${service} ${what}`),
      onCount: (given) => {
        counts = given;
      },
      onFailure: (kind, object) => failed.push(`${kind} ${object}`),
      onRefused: (service, why) => happened.push(`${service} refused: ${why}`),
    },
  });
  worker = new SignalWorker(signal, {
    clock: kube.process,
    random: kube.random.next,
    onProgress: () => undefined,
  });
  void worker.run(leadership);
}

const soon = () => kube.clock.advance(1_500);

function publish(activeSite: string, epoch: number, sites: Record<string, string[]> = SITES): void {
  const status = { activeSite, epoch, sites } as unknown as Status;
  const state: PublishedStatus = { follower: 'default', status, site: { name: activeSite, nodeNames: [] } };
  worker.publish(state);
}

interface Marks {
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly owners?: readonly OwnerReference[];
  readonly selector?: Record<string, string>;
}

function service(name = 'web', { labels = FOLLOW, annotations = {}, ...more }: Marks = {}): void {
  kube.create<Service>(SERVICES, {
    metadata: {
      namespace: 'app',
      name,
      labels,
      annotations,
      ...(more.owners && { ownerReferences: more.owners }),
    },
    spec: { selector: { app: name, ...more.selector } },
  });
}

function pod(name: string, nodeName: string | undefined, ready = true, app = 'web'): void {
  const status = { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] };
  kube.create<Pod>(PODS, {
    metadata: { namespace: 'app', name, labels: { app } },
    spec: nodeName === undefined ? {} : { nodeName },
    status,
  });
}

function setReady(name: string, ready: boolean): void {
  const status = { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] };
  kube.change(PODS, { metadata: { namespace: 'app', name }, status });
}

async function routed(annotations: Record<string, string> = {}): Promise<void> {
  service('web', { annotations });
  pod('a', 'us-1');
  pod('b', 'eu-1');
  start();
  publish('us', 3);
  await soon();
}

const found = (name = 'web') => kube.server.get(SERVICES, { namespace: 'app', name });
const route = (name = 'web') => found(name).spec?.selector;
const site = (name: string) => kube.server.get(PODS, { namespace: 'app', name }).metadata.labels;
const US = { app: 'web', 'site-follower/site': 'us' };
const EU = { app: 'web', 'site-follower/site': 'eu' };

describe('a Service with the label', () => {
  test('that the operator of a database made is given back to it, told once, and its pods get no label', async () => {
    const owners = [{ apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', name: 'pg', uid: 'u' }];
    service('pg-rw', { owners });
    // As an older version of this program had made it.
    const annotations = { 'site-follower/epoch': '2' };
    service('pg-r', { owners, annotations, selector: { 'site-follower/site': 'eu' } });
    pod('a', 'us-1', true, 'pg-rw');
    start();
    publish('us', 3);
    await soon();
    publish('eu', 4);
    await soon();
    assert.deepEqual([route('pg-rw'), route('pg-r')], [{ app: 'pg-rw' }, { app: 'pg-r' }]);
    assert.deepEqual(found('pg-r').metadata.annotations, {});
    assert.deepEqual(site('a'), { app: 'pg-rw' });
    const why = 'refused: owned by postgresql.cnpg.io';
    assert.deepEqual(happened.toSorted(), [`app/pg-r ${why}`, `app/pg-rw ${why}`]);
    assert.deepEqual(counts, { waiting: 0, routed: 0, empty: 0, 'any-site': 0 });
  });

  test('routes to the active site, as soon as its pods carry their sites', async () => {
    service();
    for (const [name, node] of Object.entries({ a: 'us-1', b: 'us-1', c: 'eu-1' })) pod(name, node);
    start();
    publish('us', 3);
    await soon();
    assert.deepEqual(route(), US);
    assert.equal(found().metadata.annotations?.['site-follower/epoch'], '3');
    assert.deepEqual(site('a'), US);
    assert.deepEqual(site('c'), EU);
    const writes = kube.changes.filter(({ actor }) => actor === 'client').map(({ key }) => key.name);
    assert.equal(writes.at(-1), 'web', 'the Service loses no pod that has no label yet');
    assert.deepEqual(writes.toSorted(), ['a', 'b', 'c', 'web'], 'one write for each');
    assert.deepEqual(counts, { waiting: 0, routed: 1, empty: 0, 'any-site': 0 });
  });

  test('moves in one write, and no pod is written', async () => {
    await routed();
    const before = kube.calls.length;
    publish('eu', 4);
    await soon();
    assert.deepEqual(route(), EU);
    assert.equal(found().metadata.annotations?.['site-follower/epoch'], '4');
    assert.deepEqual(kube.calls.slice(before), ['patch services app/web']);
  });

  test('that has it taken away has its selector as before, also when nobody watched', async () => {
    service();
    service('shop');
    pod('a', 'us-1');
    start();
    publish('us', 3);
    await soon();
    kube.change(SERVICES, { metadata: { ...WEB, labels: { 'site-follower/follow': null } } });
    await soon();
    assert.deepEqual(route(), { app: 'web' });
    assert.deepEqual(found().metadata.annotations, {});
    leadership.end();
    await soon();
    kube.change(SERVICES, {
      metadata: { namespace: 'app', name: 'shop', labels: { 'site-follower/follow': 'false' } },
    });
    leadership = new TestLeadership(2);
    start();
    publish('us', 3);
    await soon();
    assert.deepEqual(route('shop'), { app: 'shop' });
  });

  test('keeps the key when somebody writes the selector without it', async () => {
    service();
    pod('a', 'us-1');
    start();
    publish('us', 3);
    await soon();
    kube.change(SERVICES, {
      metadata: WEB,
      spec: { selector: { app: 'web', 'site-follower/site': null } },
    });
    await soon();
    assert.deepEqual(route(), US);
  });

  test('without a selector, or of an external name, is left alone and counted nowhere', async () => {
    kube.create<Service>(SERVICES, { metadata: { ...WEB, labels: FOLLOW }, spec: {} });
    kube.create<Service>(SERVICES, {
      metadata: { namespace: 'app', name: 'out', labels: FOLLOW },
      spec: { type: 'ExternalName', selector: { app: 'out' } },
    });
    start();
    publish('us', 3);
    await soon();
    assert.deepEqual([kube.count('patch services'), Object.values(counts ?? {})], [0, [0, 0, 0, 0]]);
  });

  test('is left alone by everybody before a site is active, and without the label', async () => {
    service();
    service('plain', { labels: {} });
    // Somebody selects the pods of one site on purpose.
    kube.create<Service>(SERVICES, {
      metadata: { namespace: 'app', name: 'mine' },
      spec: { selector: { app: 'web', 'site-follower/site': 'eu' } },
    });
    pod('a', 'us-1');
    start();
    await soon();
    assert.equal(kube.count('patch services'), 0);
    publish('us', 1);
    await soon();
    assert.deepEqual(route('plain'), { app: 'plain' });
    assert.deepEqual(route('mine'), EU);
  });

  test('listens to the follower that it names, by a key of its own', async () => {
    service('web', { annotations: { 'site-follower/follower': 'orders' } });
    pod('a', 'us-1');
    start();
    publish('us', 3);
    await soon();
    assert.deepEqual(route(), { app: 'web' });
    leadership.end();
    await soon();
    leadership = new TestLeadership(2);
    start('orders');
    publish('us', 3);
    await soon();
    assert.deepEqual(route(), { app: 'web', 'site-follower/site-orders': 'us' });
    assert.deepEqual(site('a'), { app: 'web', 'site-follower/site-orders': 'us' });
  });

  test('that names another follower stays with the old one until its pods carry the label of the new one', async () => {
    service();
    pod('a', 'us-1');
    start();
    publish('us', 3);
    await soon();
    leadership.end();
    await soon();
    kube.change(SERVICES, {
      metadata: { ...WEB, annotations: { 'site-follower/follower': 'orders' } },
    });
    const first = kube.changes.length;
    leadership = new TestLeadership(2);
    start('orders');
    publish('us', 9);
    await soon();
    assert.deepEqual(route(), { app: 'web', 'site-follower/site-orders': 'us' });
    assert.deepEqual(
      kube.changes.slice(first).map(({ key }) => key.name),
      ['a', 'web'],
      'it would have had no endpoint in between',
    );
  });
});

describe('pods of a followed Service', () => {
  test('are labelled once they have a node, and again when the sites change', async () => {
    service();
    pod('a', undefined);
    start();
    publish('us', 3);
    await soon();
    assert.deepEqual(site('a'), { app: 'web' });
    kube.change(PODS, { metadata: { namespace: 'app', name: 'a' }, spec: { nodeName: 'eu-1' } });
    await soon();
    assert.deepEqual(site('a'), EU);
    publish('us', 3, { us: ['us-1', 'eu-1'], eu: [] });
    await soon();
    assert.deepEqual(site('a'), US);
    publish('us', 3, { us: ['us-1'], eu: [] });
    await soon();
    assert.deepEqual(site('a'), US, 'its node is in no site any more, but has not moved');
    publish('us', 3, { us: ['us-1'], eu: ['eu-1'] });
    await soon();
    assert.deepEqual(site('a'), EU);
    assert.deepEqual(failed, []);
  });

  test('get their label back, and those of other Services get none', async () => {
    service();
    pod('a', 'us-1');
    pod('other', 'us-1', true, 'other');
    start();
    publish('us', 3);
    await soon();
    kube.change(PODS, {
      metadata: { namespace: 'app', name: 'a', labels: { 'site-follower/site': 'mars' } },
    });
    await soon();
    assert.deepEqual(site('a'), US);
    assert.deepEqual(site('other'), { app: 'other' });
  });

  test('are not even watched while no Service follows', async () => {
    pod('a', 'us-1');
    kube.create(NODES, { metadata: { name: 'us-1' } });
    start();
    publish('us', 3);
    await soon();
    assert.equal(kube.count('list pods'), 0);
    service();
    await soon();
    assert.deepEqual(route(), US);
  });
});

describe('with every watch silently dead', () => {
  test('a Service is put right, begins to follow and ceases to within two minutes', async () => {
    service();
    service('shop');
    service('late', { labels: {} });
    pod('a', 'us-1');
    start();
    publish('us', 3);
    await soon();
    kube.deaf = true;
    publish('us', 3);
    await soon();
    const key = (name: string) => ({ namespace: 'app', name });
    kube.change(SERVICES, { metadata: WEB, spec: { selector: { 'site-follower/site': null } } });
    kube.change(SERVICES, {
      metadata: { ...key('shop'), labels: { 'site-follower/follow': null } },
    });
    kube.change(SERVICES, { metadata: { ...key('late'), labels: FOLLOW } });
    await kube.clock.advance(90_000);
    assert.deepEqual(route(), US);
    assert.deepEqual(route('shop'), { app: 'shop' });
    assert.deepEqual(route('late'), { app: 'late', 'site-follower/site': 'us' });
  });
});

describe('fencing', () => {
  test('a write that lost against another one is made again on what is there then', async () => {
    service();
    pod('a', 'us-1');
    start();
    publish('us', 3);
    await soon();
    kube.server.patch('test', SERVICES, WEB, { metadata: { annotations: { more: 'x' } } }, { type: 'merge' });
    publish('eu', 4);
    await soon();
    assert.deepEqual(route(), EU);
    assert.equal(kube.count('list services app/metadata.name=web'), 1);
    assert.deepEqual(failed, []);
  });

  test('an older epoch is never put over a newer one by a leader that was deposed', async () => {
    await routed();
    kube.change(SERVICES, {
      metadata: { ...WEB, annotations: { 'site-follower/epoch': '4' } },
      spec: { selector: EU },
    });
    leadership.confirmable = false;
    await soon();
    assert.deepEqual(route(), EU);
    assert.equal(leadership.abort.aborted, true);
  });

  test('epochs that have begun again are believed when the Lease says so, asked once for all Services', async (t) => {
    for (const name of ['web', 'shop']) service(name, { annotations: { 'site-follower/epoch': '50' } });
    const confirm = t.mock.method(leadership, 'confirm');
    start();
    publish('us', 1);
    await soon();
    const epochs = ['web', 'shop'].map((name) => found(name).metadata.annotations?.['site-follower/epoch']);
    assert.deepEqual([...epochs, confirm.mock.callCount()], ['1', '1', 1]);
  });

  test('nothing is written by one whose Lease has run out', async () => {
    service();
    pod('a', 'us-1');
    leadership.held = false;
    start();
    publish('us', 3);
    await soon();
    assert.equal(kube.changes.filter(({ actor }) => actor === 'client').length, 0);
  });
});

describe('while the active site has no ready pod and another one has', () => {
  const empty = async (annotations: Record<string, string> = {}) => {
    await routed(annotations);
    setReady('a', false);
  };
  const leadNext = async () => {
    leadership = new TestLeadership(2);
    start();
    publish('us', 3);
    await kube.clock.advance(5_000);
  };
  const openToAnySite = async () => {
    await empty({ 'site-follower/on-empty': 'any-site' });
    await kube.clock.advance(40_000);
    assert.deepEqual(route(), { app: 'web' });
  };

  test('a Service stays with the active site, and it is told once', async () => {
    await empty();
    await kube.clock.advance(60_000);
    assert.deepEqual(route(), US);
    assert.deepEqual(happened, ['app/web empty']);
    assert.deepEqual(counts, { waiting: 0, routed: 0, empty: 1, 'any-site': 0 });
    setReady('a', true);
    await soon();
    assert.deepEqual(happened, ['app/web empty', 'app/web served']);
  });

  test('it routes to any site after its delay where it says so, and back by itself', async () => {
    await empty({ 'site-follower/on-empty': 'any-site', 'site-follower/on-empty-after': '20' });
    await kube.clock.advance(15_000);
    assert.deepEqual(route(), US);
    await kube.clock.advance(6_000);
    assert.deepEqual(route(), { app: 'web' });
    assert.deepEqual(happened, ['app/web empty', 'app/web any-site']);
    assert.deepEqual(counts, { waiting: 0, routed: 0, empty: 0, 'any-site': 1 });
    setReady('a', true);
    await soon();
    assert.deepEqual(route(), US);
    assert.equal(found().metadata.annotations?.['site-follower/any-site'], undefined);
  });

  test('a move sends it to the new active site, and the delay begins again', async () => {
    service('web', { annotations: { 'site-follower/on-empty': 'any-site' } });
    pod('a', 'us-1', false);
    pod('b', 'eu-1');
    start();
    publish('eu', 3);
    await soon();
    publish('us', 4);
    await kube.clock.advance(40_000);
    assert.deepEqual(route(), { app: 'web' });
    publish('eu', 5);
    await soon();
    assert.deepEqual(route(), EU);
  });

  test('the next leader neither begins again nor forgets it', async () => {
    await openToAnySite();
    leadership.end();
    await soon();
    await leadNext();
    assert.deepEqual(route(), { app: 'web' });
    setReady('a', true);
    await soon();
    assert.deepEqual(route(), US);
  });

  test('the next leader closes what was opened when the Service says hold meanwhile', async () => {
    await openToAnySite();
    leadership.end();
    await soon();
    kube.change(SERVICES, { metadata: { ...WEB, annotations: { 'site-follower/on-empty': 'hold' } } });
    await leadNext();
    assert.deepEqual(route(), US);
  });

  test('a Service that has not been followed yet is not: it would lose all its pods', async () => {
    service();
    pod('b', 'eu-1');
    start();
    publish('us', 3);
    await kube.clock.advance(5_000);
    assert.deepEqual(route(), { app: 'web' });
    assert.deepEqual(happened, ['app/web waiting']);
    pod('a', 'us-1');
    await soon();
    assert.deepEqual(route(), US);
  });
});
