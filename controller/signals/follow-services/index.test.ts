import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { NODES, PODS, SERVICES, type Service } from '../../../kubernetes/resources.ts';
import { TestLeadership } from '../../../test/support/fake-cluster.ts';
import { EU, FOLLOW, FollowServicesScene, US, WEB } from './testing/scene.ts';

let scene: FollowServicesScene;

beforeEach(() => {
  scene = new FollowServicesScene();
});

afterEach(() => scene.end());

describe('a Service with the label', () => {
  test('that the operator of a database made is given back to it, told once, and its pods get no label', async () => {
    const owners = [{ apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', name: 'pg', uid: 'u' }];
    scene.service('pg-rw', { owners });
    // As an older version of this program had made it.
    const annotations = { 'site-follower/epoch': '2' };
    scene.service('pg-r', { owners, annotations, selector: { 'site-follower/site': 'eu' } });
    scene.pod('a', 'us-1', true, 'pg-rw');
    scene.start();
    scene.publish('us', 3);
    await scene.soon();
    scene.publish('eu', 4);
    await scene.soon();
    assert.deepEqual([scene.route('pg-rw'), scene.route('pg-r')], [{ app: 'pg-rw' }, { app: 'pg-r' }]);
    assert.deepEqual(scene.found('pg-r').metadata.annotations, {});
    assert.deepEqual(scene.site('a'), { app: 'pg-rw' });
    const why = 'refused: owned by postgresql.cnpg.io';
    assert.deepEqual(scene.happened.toSorted(), [`app/pg-r ${why}`, `app/pg-rw ${why}`]);
    assert.deepEqual(scene.counts, { waiting: 0, routed: 0, empty: 0, 'any-site': 0 });
  });

  test('leaves a selector of more keys than anybody needs alone, and says so', async () => {
    const selector = Object.fromEntries(Array.from({ length: 33 }, (_, key) => [`key-${key}`, 'a']));
    scene.service('web', { selector });
    scene.start();
    scene.publish('us', 3);
    await scene.soon();
    assert.deepEqual(scene.route('web'), { app: 'web', ...selector });
    assert.deepEqual(scene.happened, ['app/web refused: with more than 32 keys in its selector']);
  });

  test('routes to the active site, as soon as its pods carry their sites', async () => {
    scene.service();
    for (const [name, node] of Object.entries({ a: 'us-1', b: 'us-1', c: 'eu-1' })) scene.pod(name, node);
    scene.start();
    scene.publish('us', 3);
    await scene.soon();
    assert.deepEqual(scene.route(), US);
    assert.equal(scene.found().metadata.annotations?.['site-follower/epoch'], '3');
    assert.deepEqual(scene.site('a'), US);
    assert.deepEqual(scene.site('c'), EU);
    const writes = scene.kube.changes.filter(({ actor }) => actor === 'client').map(({ key }) => key.name);
    assert.equal(writes.at(-1), 'web', 'the Service loses no pod that has no label yet');
    assert.deepEqual(writes.toSorted(), ['a', 'b', 'c', 'web'], 'one write for each');
    assert.deepEqual(scene.counts, { waiting: 0, routed: 1, empty: 0, 'any-site': 0 });
  });

  test('moves in one write, and no pod is written', async () => {
    await scene.routed();
    const before = scene.kube.calls.length;
    scene.publish('eu', 4);
    await scene.soon();
    assert.deepEqual(scene.route(), EU);
    assert.equal(scene.found().metadata.annotations?.['site-follower/epoch'], '4');
    assert.deepEqual(scene.kube.calls.slice(before), ['patch services app/web']);
  });

  test('that has it taken away has its selector as before, also when nobody watched', async () => {
    scene.service();
    scene.service('shop');
    scene.pod('a', 'us-1');
    scene.start();
    scene.publish('us', 3);
    await scene.soon();
    scene.kube.change(SERVICES, { metadata: { ...WEB, labels: { 'site-follower/follow': null } } });
    await scene.soon();
    assert.deepEqual(scene.route(), { app: 'web' });
    assert.deepEqual(scene.found().metadata.annotations, {});
    scene.leadership.end();
    await scene.soon();
    scene.kube.change(SERVICES, {
      metadata: { namespace: 'app', name: 'shop', labels: { 'site-follower/follow': 'false' } },
    });
    scene.leadership = new TestLeadership(2);
    scene.start();
    scene.publish('us', 3);
    await scene.soon();
    assert.deepEqual(scene.route('shop'), { app: 'shop' });
  });

  test('keeps the key when somebody writes the selector without it', async () => {
    scene.service();
    scene.pod('a', 'us-1');
    scene.start();
    scene.publish('us', 3);
    await scene.soon();
    scene.kube.change(SERVICES, {
      metadata: WEB,
      spec: { selector: { app: 'web', 'site-follower/site': null } },
    });
    await scene.soon();
    assert.deepEqual(scene.route(), US);
  });

  test('without a selector, or of an external name, is left alone and counted nowhere', async () => {
    scene.kube.create<Service>(SERVICES, { metadata: { ...WEB, labels: FOLLOW }, spec: {} });
    scene.kube.create<Service>(SERVICES, {
      metadata: { namespace: 'app', name: 'out', labels: FOLLOW },
      spec: { type: 'ExternalName', selector: { app: 'out' } },
    });
    scene.start();
    scene.publish('us', 3);
    await scene.soon();
    assert.deepEqual(
      [scene.kube.count('patch services'), Object.values(scene.counts ?? {})],
      [0, [0, 0, 0, 0]],
    );
  });

  test('is left alone by everybody before a site is active, and without the label', async () => {
    scene.service();
    scene.service('plain', { labels: {} });
    // Somebody selects the pods of one site on purpose.
    scene.kube.create<Service>(SERVICES, {
      metadata: { namespace: 'app', name: 'mine' },
      spec: { selector: { app: 'web', 'site-follower/site': 'eu' } },
    });
    scene.pod('a', 'us-1');
    scene.start();
    await scene.soon();
    assert.equal(scene.kube.count('patch services'), 0);
    scene.publish('us', 1);
    await scene.soon();
    assert.deepEqual(scene.route('plain'), { app: 'plain' });
    assert.deepEqual(scene.route('mine'), EU);
  });

  test('listens to the follower that it names, by a key of its own', async () => {
    scene.service('web', { annotations: { 'site-follower/follower': 'orders' } });
    scene.pod('a', 'us-1');
    scene.start();
    scene.publish('us', 3);
    await scene.soon();
    assert.deepEqual(scene.route(), { app: 'web' });
    scene.leadership.end();
    await scene.soon();
    scene.leadership = new TestLeadership(2);
    scene.start('orders');
    scene.publish('us', 3);
    await scene.soon();
    assert.deepEqual(scene.route(), { app: 'web', 'site-follower/site-orders': 'us' });
    assert.deepEqual(scene.site('a'), { app: 'web', 'site-follower/site-orders': 'us' });
  });

  test('that names another follower stays with the old one until its pods carry the label of the new one', async () => {
    scene.service();
    scene.pod('a', 'us-1');
    scene.start();
    scene.publish('us', 3);
    await scene.soon();
    scene.leadership.end();
    await scene.soon();
    scene.kube.change(SERVICES, {
      metadata: { ...WEB, annotations: { 'site-follower/follower': 'orders' } },
    });
    const first = scene.kube.changes.length;
    scene.leadership = new TestLeadership(2);
    scene.start('orders');
    scene.publish('us', 9);
    await scene.soon();
    assert.deepEqual(scene.route(), { app: 'web', 'site-follower/site-orders': 'us' });
    assert.deepEqual(
      scene.kube.changes.slice(first).map(({ key }) => key.name),
      ['a', 'web'],
      'it would have had no endpoint in between',
    );
  });
});

describe('pods of a followed Service', () => {
  test('are labelled once they have a node, and again when the sites change', async () => {
    scene.service();
    scene.pod('a', undefined);
    scene.start();
    scene.publish('us', 3);
    await scene.soon();
    assert.deepEqual(scene.site('a'), { app: 'web' });
    scene.kube.change(PODS, { metadata: { namespace: 'app', name: 'a' }, spec: { nodeName: 'eu-1' } });
    await scene.soon();
    assert.deepEqual(scene.site('a'), EU);
    scene.publish('us', 3, { us: ['us-1', 'eu-1'], eu: [] });
    await scene.soon();
    assert.deepEqual(scene.site('a'), US);
    scene.publish('us', 3, { us: ['us-1'], eu: [] });
    await scene.soon();
    assert.deepEqual(scene.site('a'), US, 'its node is in no site any more, but has not moved');
    scene.publish('us', 3, { us: ['us-1'], eu: ['eu-1'] });
    await scene.soon();
    assert.deepEqual(scene.site('a'), EU);
    assert.deepEqual(scene.failed, []);
  });

  test('get their label back, and those of other Services get none', async () => {
    scene.service();
    scene.pod('a', 'us-1');
    scene.pod('other', 'us-1', true, 'other');
    scene.start();
    scene.publish('us', 3);
    await scene.soon();
    scene.kube.change(PODS, {
      metadata: { namespace: 'app', name: 'a', labels: { 'site-follower/site': 'mars' } },
    });
    await scene.soon();
    assert.deepEqual(scene.site('a'), US);
    assert.deepEqual(scene.site('other'), { app: 'other' });
  });

  test('are not even watched while no Service follows', async () => {
    scene.pod('a', 'us-1');
    scene.kube.create(NODES, { metadata: { name: 'us-1' } });
    scene.start();
    scene.publish('us', 3);
    await scene.soon();
    assert.equal(scene.kube.count('list pods'), 0);
    scene.service();
    await scene.soon();
    assert.deepEqual(scene.route(), US);
  });
});

describe('with every watch silently dead', () => {
  test('a Service is put right, begins to follow and ceases to within two minutes', async () => {
    scene.service();
    scene.service('shop');
    scene.service('late', { labels: {} });
    scene.pod('a', 'us-1');
    scene.start();
    scene.publish('us', 3);
    await scene.soon();
    scene.kube.deaf = true;
    scene.publish('us', 3);
    await scene.soon();
    const key = (name: string) => ({ namespace: 'app', name });
    scene.kube.change(SERVICES, { metadata: WEB, spec: { selector: { 'site-follower/site': null } } });
    scene.kube.change(SERVICES, {
      metadata: { ...key('shop'), labels: { 'site-follower/follow': null } },
    });
    scene.kube.change(SERVICES, { metadata: { ...key('late'), labels: FOLLOW } });
    await scene.kube.clock.advance(90_000);
    assert.deepEqual(scene.route(), US);
    assert.deepEqual(scene.route('shop'), { app: 'shop' });
    assert.deepEqual(scene.route('late'), { app: 'late', 'site-follower/site': 'us' });
  });
});
