import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { SERVICES } from '../../../kubernetes/resources.ts';
import { EU, FollowServicesScene, WEB } from './testing/scene.ts';

let scene: FollowServicesScene;

beforeEach(() => {
  scene = new FollowServicesScene();
});

afterEach(() => scene.end());

describe('fencing', () => {
  test('a write that lost against another one is made again on what is there then', async () => {
    scene.service();
    scene.pod('a', 'us-1');
    scene.start();
    scene.publish('us', 3);
    await scene.soon();
    scene.kube.server.patch(
      'test',
      SERVICES,
      WEB,
      { metadata: { annotations: { more: 'x' } } },
      { type: 'merge' },
    );
    scene.publish('eu', 4);
    await scene.soon();
    assert.deepEqual(scene.route(), EU);
    assert.equal(scene.kube.count('list services app/metadata.name=web'), 1);
    assert.deepEqual(scene.failed, []);
  });

  test('an older epoch is never put over a newer one by a leader that was deposed', async () => {
    await scene.routed();
    scene.kube.change(SERVICES, {
      metadata: { ...WEB, annotations: { 'site-follower/epoch': '4' } },
      spec: { selector: EU },
    });
    scene.leadership.confirmable = false;
    await scene.soon();
    assert.deepEqual(scene.route(), EU);
    assert.equal(scene.leadership.abort.aborted, true);
  });

  test('epochs that have begun again are believed when the Lease says so, asked once for all Services', async (t) => {
    for (const name of ['web', 'shop']) scene.service(name, { annotations: { 'site-follower/epoch': '50' } });
    const confirm = t.mock.method(scene.leadership, 'confirm');
    scene.start();
    scene.publish('us', 1);
    await scene.soon();
    const epochs = ['web', 'shop'].map(
      (name) => scene.found(name).metadata.annotations?.['site-follower/epoch'],
    );
    assert.deepEqual([...epochs, confirm.mock.callCount()], ['1', '1', 1]);
  });

  test('nothing is written by one whose Lease has run out', async () => {
    scene.service();
    scene.pod('a', 'us-1');
    scene.leadership.held = false;
    scene.start();
    scene.publish('us', 3);
    await scene.soon();
    assert.equal(scene.kube.changes.filter(({ actor }) => actor === 'client').length, 0);
  });
});
