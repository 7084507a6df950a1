import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { SERVICES } from '../../../kubernetes/resources.ts';
import { TestLeadership } from '../../../test/support/fake-cluster.ts';
import { EU, FollowServicesScene, US, WEB } from './testing/scene.ts';

let scene: FollowServicesScene;

beforeEach(() => {
  scene = new FollowServicesScene();
});

afterEach(() => scene.end());

describe('while the active site has no ready pod and another one has', () => {
  const empty = async (annotations: Record<string, string> = {}) => {
    await scene.routed(annotations);
    scene.setReady('a', false);
  };
  const leadNext = async () => {
    scene.leadership = new TestLeadership(2);
    scene.start();
    scene.publish('us', 3);
    await scene.kube.clock.advance(5_000);
  };
  const openToAnySite = async () => {
    await empty({ 'site-follower/on-empty': 'any-site' });
    await scene.kube.clock.advance(40_000);
    assert.deepEqual(scene.route(), { app: 'web' });
  };

  test('a Service stays with the active site, and it is told once', async () => {
    await empty();
    await scene.kube.clock.advance(60_000);
    assert.deepEqual(scene.route(), US);
    assert.deepEqual(scene.happened, ['app/web empty']);
    assert.deepEqual(scene.counts, { waiting: 0, routed: 0, empty: 1, 'any-site': 0 });
    scene.setReady('a', true);
    await scene.soon();
    assert.deepEqual(scene.happened, ['app/web empty', 'app/web served']);
  });

  test('it routes to any site after its delay where it says so, and back by itself', async () => {
    await empty({ 'site-follower/on-empty': 'any-site', 'site-follower/on-empty-after': '20' });
    await scene.kube.clock.advance(15_000);
    assert.deepEqual(scene.route(), US);
    await scene.kube.clock.advance(6_000);
    assert.deepEqual(scene.route(), { app: 'web' });
    assert.deepEqual(scene.happened, ['app/web empty', 'app/web any-site']);
    assert.deepEqual(scene.counts, { waiting: 0, routed: 0, empty: 0, 'any-site': 1 });
    scene.setReady('a', true);
    await scene.soon();
    assert.deepEqual(scene.route(), US);
    assert.equal(scene.found().metadata.annotations?.['site-follower/any-site'], undefined);
  });

  test('a move sends it to the new active site, and the delay begins again', async () => {
    scene.service('web', { annotations: { 'site-follower/on-empty': 'any-site' } });
    scene.pod('a', 'us-1', false);
    scene.pod('b', 'eu-1');
    scene.start();
    scene.publish('eu', 3);
    await scene.soon();
    scene.publish('us', 4);
    await scene.kube.clock.advance(40_000);
    assert.deepEqual(scene.route(), { app: 'web' });
    scene.publish('eu', 5);
    await scene.soon();
    assert.deepEqual(scene.route(), EU);
  });

  test('the next leader neither begins again nor forgets it', async () => {
    await openToAnySite();
    scene.leadership.end();
    await scene.soon();
    await leadNext();
    assert.deepEqual(scene.route(), { app: 'web' });
    scene.setReady('a', true);
    await scene.soon();
    assert.deepEqual(scene.route(), US);
  });

  test('the next leader closes what was opened when the Service says hold meanwhile', async () => {
    await openToAnySite();
    scene.leadership.end();
    await scene.soon();
    scene.kube.change(SERVICES, { metadata: { ...WEB, annotations: { 'site-follower/on-empty': 'hold' } } });
    await leadNext();
    assert.deepEqual(scene.route(), US);
  });

  test('a Service that has not been followed yet is not: it would lose all its pods', async () => {
    scene.service();
    scene.pod('b', 'eu-1');
    scene.start();
    scene.publish('us', 3);
    await scene.kube.clock.advance(5_000);
    assert.deepEqual(scene.route(), { app: 'web' });
    assert.deepEqual(scene.happened, ['app/web waiting']);
    scene.pod('a', 'us-1');
    await scene.soon();
    assert.deepEqual(scene.route(), US);
  });
});
