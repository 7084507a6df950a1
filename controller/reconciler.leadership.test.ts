import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { RestoreDetector } from '../kubernetes/etcd-restore.ts';
import { CONFIG_MAPS } from '../kubernetes/resources.ts';
import { script, TestLeadership } from '../test/support/fake-cluster.ts';
import { at, KEY, LOST, RESYNC_MS, ReconcilerScene } from '../test/support/reconciler-scene.ts';
import { DeposedError, termOf } from './status/fenced-config-map.ts';

let world: ReconcilerScene;

beforeEach(() => {
  world = new ReconcilerScene();
});

afterEach(() => world.end());

describe('a write that failed to all appearance', () => {
  for (const fate of ['answer lost', 'error after success', 'sent twice'] as const) {
    test(`but that was stored (${fate}) makes one step of the epoch, told once`, async () => {
      void world.start();
      await world.soon();
      world.observe = () => at('eu-1');
      world.judge = script('replace', 'configmaps', [fate]);
      world.ring();
      await world.clock.advance(2 * RESYNC_MS);
      assert.equal(world.place, 'eu eu-1 2 Settled');
      assert.deepEqual(
        world.statusChanges.map(({ before, after }) => [before?.epoch, after.epoch]),
        [
          [undefined, 1],
          [1, 2],
        ],
      );
    });

    test(`is not undone when the primary is lost meanwhile (${fate})`, async () => {
      void world.start();
      await world.soon();
      world.observe = () => at('eu-1');
      world.judge = (call) => {
        const verdict = call.verb === 'replace' ? fate : undefined;
        if (verdict !== undefined) world.observe = () => LOST;
        return verdict;
      };
      world.ring();
      await world.soon();
      world.judge = () => undefined;
      await world.clock.advance(2 * RESYNC_MS);
      assert.equal(world.place, 'eu eu-1 2 Held');
    });
  }

  test('and that was not stored is repeated', async () => {
    void world.start();
    await world.soon();
    world.observe = () => at('eu-1');
    world.judge = script('replace', 'configmaps', ['request lost', 'server error']);
    world.ring();
    await world.clock.advance(2 * RESYNC_MS);
    assert.equal(world.place, 'eu eu-1 2 Settled');
  });
});

describe('a follower and its leadership', () => {
  test('claims the status of its predecessor before anything else world.statusChanges', async () => {
    void world.start();
    await world.soon();
    const status = world.published;
    world.leadership.end();
    world.leadership = new TestLeadership(4);
    void world.start();
    await world.soon();
    assert.deepEqual(world.published, status);
    assert.equal(termOf(world.object ?? { metadata: KEY }), 4);
  });

  test('stops when a later leader has been here', async () => {
    const running = world.start();
    await world.soon();
    world.edit({ activeSite: 'eu', epoch: 2 }, 9);
    world.leadership.confirmable = false;
    world.observe = () => at('us-2');
    world.ring();
    await world.soon();
    await running;
    assert.equal(world.place, 'eu us-1 2 Settled');
    assert.equal(termOf(world.object ?? { metadata: KEY }), 9);
  });

  test('stops when the Lease has run out, before anybody told it', async () => {
    void world.start();
    await world.soon();
    const before = world.writes;
    world.leadership.held = false;
    world.observe = () => at('eu-1');
    world.ring();
    await world.clock.advance(3 * RESYNC_MS);
    assert.equal(world.writes, before);
    assert.equal(world.reconciles.filter(({ error }) => error instanceof DeposedError).length, 1);
  });

  test('raises its term when the Lease was deleted and began again', async () => {
    void world.start();
    await world.soon();
    world.edit({}, 9);
    await world.period();
    assert.equal(world.leadership.term, 10);
    assert.equal(termOf(world.object ?? { metadata: KEY }), 10);
  });

  test('recalls the last transition when the status was deleted while nobody led', async () => {
    world.lastTransition = {
      epoch: 7,
      from: 'us',
      to: 'eu',
      node: 'eu-1',
      primary: 'pg-2',
      movedAt: '',
      writtenAt: '2026-01-01T00:00:00Z',
    };
    world.observe = () => LOST;
    void world.start();
    await world.soon();
    assert.equal(world.place, 'eu eu-1 7 Held');
    world.observe = () => at('us-1');
    await world.period();
    assert.equal(world.place, 'us us-1 8 Settled');
  });

  test('goes on above what its process has seen published when etcd is restored to an older copy', async () => {
    void world.start();
    await world.soon();
    const old = world.object;
    assert.ok(old !== undefined);
    for (const node of ['eu-1', 'us-1', 'eu-1']) {
      world.observe = () => at(node);
      world.ring();
      await world.soon();
    }
    assert.equal(world.place, 'eu eu-1 4 Settled');
    world.leadership.end();
    await world.soon();
    // What somebody reads now was told in epoch 1, by a report that knows no other.
    world.change(CONFIG_MAPS, { metadata: KEY, data: { ...old.data } });
    world.leadership = new TestLeadership(4);
    world.observe = () => LOST;
    void world.start();
    await world.soon();
    assert.equal(world.place, 'eu eu-1 4 Held');
    world.observe = () => at('us-1');
    world.ring();
    await world.soon();
    assert.equal(world.place, 'us us-1 5 Settled');
  });

  test('takes over what a later leader has published, when the Lease has begun again since', async () => {
    void world.start();
    await world.soon();
    world.observe = () => LOST;
    world.edit({ activeSite: 'eu', activeNode: 'eu-1', epoch: 2 }, 9);
    await world.period();
    assert.equal(world.place, 'eu eu-1 2 Held');
    // What somebody writes in no later term is put right.
    world.edit({ activeSite: 'us', activeNode: 'us-1' }, 9);
    await world.period();
    assert.equal(world.place, 'eu eu-1 3 Held');
  });

  test('makes sure of its Lease first, after etcd was restored: in the copy it may be of somebody else', async () => {
    const api = new RestoreDetector(world.api);
    const running = world.start({ api });
    await world.soon();
    const copy = world.server.copy();
    world.observe = () => at('eu-1');
    world.ring();
    await world.soon();
    assert.equal(world.place, 'eu eu-1 2 Settled');
    const asked = world.leadership.confirmed;
    world.server.restored('test', copy, () => false);
    await world.period();
    assert.equal(world.place, 'eu eu-1 2 Settled');
    assert.equal(world.leadership.confirmed, asked + 1);
    await world.period();
    assert.equal(world.leadership.confirmed, asked + 2, 'what that pass has read may be of before');
    await world.period();
    assert.equal(world.leadership.confirmed, asked + 2, 'no more than that');
    world.leadership.confirmable = false;
    world.server.restored('test', copy, () => false);
    await world.period();
    assert.equal(world.place, 'us us-1 1 Settled');
    await running;
  });

  test('ends at once, also in the middle of a look', async () => {
    world.judge = ({ verb }) => (verb === 'get' ? 'answer lost' : undefined);
    const running = world.start();
    await world.clock.advance(10);
    world.leadership.end();
    await running;
    assert.equal(world.reconciles.length, 0);
  });

  test('in a dry run tells what it would publish, and writes nothing', async () => {
    void world.start({ dryRun: true });
    await world.soon();
    world.observe = () => at('eu-1');
    await world.period();
    assert.deepEqual(
      world.statusChanges.map(({ after }) => `${after.activeSite} ${after.epoch}`),
      ['us 1', 'eu 2'],
    );
    assert.equal(world.writes, 0);
    assert.equal(world.object, undefined);
  });
});
