import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { KubeError } from '../kubernetes/errors.ts';
import { CONFIG_MAPS } from '../kubernetes/resources.ts';
import { at, KEY, LOST, RESYNC_MS, ReconcilerScene } from '../test/support/reconciler-scene.ts';
import { termOf } from './status/fenced-config-map.ts';
import type { Observation } from './triggers/trigger.ts';

let world: ReconcilerScene;

beforeEach(() => {
  world = new ReconcilerScene();
});

afterEach(() => world.end());

describe('a follower', () => {
  test('publishes the first place in epoch 1 and in its term', async () => {
    void world.start();
    await world.soon();
    assert.equal(world.place, 'us us-1 1 Settled');
    assert.deepEqual(world.published.sites, { us: ['us-1', 'us-2'], eu: ['eu-1'] });
    assert.equal(termOf(world.object ?? { metadata: KEY }), 3);
    assert.deepEqual([world.statusChanges.length, world.statusChanges[0]?.before], [1, undefined]);
  });

  test('follows at once when woken, and tells when the service moved', async () => {
    void world.start();
    await world.soon();
    world.observe = () => at('eu-1', { movedAt: '2026-01-01T00:00:00Z' });
    world.ring();
    await world.soon();
    assert.equal(world.place, 'eu eu-1 2 Settled');
    assert.deepEqual(
      world.statusChanges.map(({ before, after, movedAt }) => [before?.epoch, after.epoch, movedAt]).at(-1),
      [1, 2, '2026-01-01T00:00:00Z'],
    );
  });

  test('follows within one period when nobody wakes it', async () => {
    void world.start();
    await world.soon();
    world.observe = () => at('eu-1');
    await world.period();
    assert.equal(world.place, 'eu eu-1 2 Settled');
  });

  test('follows to a site that is another Kubernetes cluster, and leaves the nodes here where they are', async () => {
    void world.start();
    await world.soon();
    world.observe = () => ({ kind: 'located', primary: 'pg-asia', node: '', site: 'asia' });
    world.ring();
    await world.soon();
    assert.equal(world.place, 'asia  2 Settled');
    assert.deepEqual(world.published.sites, { us: ['us-1', 'us-2'], eu: ['eu-1'] });
  });

  test('writes only when something differs', async () => {
    void world.start();
    await world.clock.advance(20 * RESYNC_MS);
    assert.equal(world.writes, 1);
    assert.equal(world.statusChanges.length, 1);
    assert.ok(world.reconciles.length >= 20);
    assert.deepEqual(
      world.reconciles.slice(1).filter(({ wrote, error }) => wrote || error !== undefined),
      [],
    );
  });

  test('a burst of events costs two looks', async () => {
    void world.start();
    await world.soon();
    const looks = world.reconciles.length;
    for (let index = 0; index < 100; index += 1) world.ring();
    await world.soon();
    assert.ok(world.reconciles.length - looks <= 2, `${world.reconciles.length - looks} looks`);
  });

  test('what changes all the time is looked at ten times a second, and followed', async () => {
    void world.start();
    await world.soon();
    const looks = world.reconciles.length;
    for (let ms = 0; ms < 60_000; ms += 10) {
      world.ring();
      await world.clock.advance(10);
    }
    const made = world.reconciles.length - looks;
    assert.ok(made >= 10 * 60 && made <= 10 * 60 + 50, `${made} looks`);
    world.observe = () => at('eu-1');
    world.ring();
    await world.clock.advance(500);
    assert.equal(world.place, 'eu eu-1 2 Settled');
  });
});

describe('a follower holds the last place', () => {
  const fails = () => {
    throw new KubeError('the server is tired', { status: 500, reason: 'InternalError' });
  };
  const cases: readonly [string, () => Observation, RegExp][] = [
    ['when the trigger knows nothing', () => LOST, /^PrimaryEmpty: nobody is primary$/],
    ['when the API does not answer', fails, /^ApiError: the server is tired$/],
    ['when the node is in no site', () => at('moon-1'), /^NodeWithoutSite: pg-1 runs on node moon-1/],
    [
      'when two sites claim the node',
      () => at('both-1'),
      /^NodeInSeveralSites: pg-1 runs on node both-1, which is claimed by the node selectors of us and eu$/,
    ],
    ['when the node does not exist', () => at('eu-9'), /^NodeNotFound: node eu-9 of pg-1 does not exist$/],
  ];
  for (const [name, observation, reason] of cases) {
    test(name, async () => {
      void world.start();
      await world.soon();
      world.observe = observation;
      world.ring();
      await world.soon();
      assert.equal(world.place, 'us us-1 1 Held');
      assert.match(world.published.reason, reason);
      world.observe = () => at('us-1');
      await world.period();
      assert.equal(world.place, 'us us-1 1 Settled');
      assert.equal(world.published.reason, '');
    });
  }

  test('when the node cannot be read', async () => {
    void world.start();
    await world.soon();
    world.observe = () => at('eu-1');
    const tired = new KubeError('nodes are not told', { status: 403, reason: 'Forbidden' });
    world.judge = ({ resource }) => (resource.plural === 'nodes' ? tired : undefined);
    world.ring();
    await world.soon();
    assert.equal(world.place, 'us us-1 1 Held');
    assert.match(world.published.reason, /^ApiError: .*nodes are not told/);
  });

  test('while it moves, and says where to', async () => {
    void world.start();
    await world.soon();
    world.observe = () => ({ ...LOST, movingTo: 'pg-2' });
    world.ring();
    await world.soon();
    assert.equal(world.place, 'us us-1 1 Transitioning');
    world.observe = () => at('us-1', { movingTo: 'pg-2' });
    world.ring();
    await world.soon();
    assert.deepEqual([world.place, world.published.reason], ['us us-1 1 Transitioning', 'Moving: to pg-2']);
  });

  test('and has none when nothing was ever found', async () => {
    world.observe = () => LOST;
    void world.start();
    await world.soon();
    assert.equal(world.place, '  0 Held');
    world.observe = () => at('eu-1');
    await world.period();
    assert.equal(world.place, 'eu eu-1 1 Settled');
  });

  test('and asks a failing API with growing pauses, never longer than its period', async () => {
    world.observe = fails;
    void world.start();
    await world.clock.advance(1_000);
    const atFirst = world.reconciles.length;
    await world.clock.advance(10 * RESYNC_MS);
    const later = world.reconciles.length - atFirst;
    assert.ok(atFirst >= 2 && atFirst <= 5, `${atFirst} passes in the first second`);
    assert.ok(later >= 10 && later <= 30, `${later} passes in ten periods`);
  });
});

describe('a follower whose status was touched', () => {
  test('restores a deleted one, its epoch continuing', async () => {
    void world.start();
    await world.soon();
    world.observe = () => at('eu-1');
    world.ring();
    await world.soon();
    const before = world.published;
    world.server.delete('test', CONFIG_MAPS, KEY, {});
    await world.period();
    assert.deepEqual(world.published, before);
  });

  test('puts right what was edited by hand, without telling a change', async () => {
    void world.start();
    await world.soon();
    const before = world.published;
    world.edit({ activeNode: 'elsewhere', reason: 'because' });
    await world.period();
    assert.deepEqual(world.published, before);
    assert.equal(world.statusChanges.length, 1);
  });

  test('takes a new epoch when readers may have seen another site in this one', async () => {
    void world.start();
    await world.soon();
    world.edit({ activeSite: 'eu', epoch: 40 });
    await world.period();
    assert.equal(world.place, 'us us-1 41 Settled');
  });

  test('goes above the epoch of one that cannot be read any more', async () => {
    void world.start();
    await world.soon();
    world.change(CONFIG_MAPS, { metadata: KEY, data: { epoch: '40', phase: 'Tired' } });
    await world.period();
    assert.equal(world.place, 'us us-1 41 Settled');
  });

  test('keeps keys, labels and annotations of others', async () => {
    void world.start();
    await world.soon();
    const metadata = { ...KEY, labels: { team: 'blue' }, annotations: { note: 'mine' } };
    world.change(CONFIG_MAPS, { metadata, data: { extra: 'yes' } });
    world.observe = () => at('eu-1');
    await world.period();
    assert.equal(world.place, 'eu eu-1 2 Settled');
    const { data, metadata: kept } = world.object ?? {};
    assert.deepEqual([data?.extra, kept?.labels?.team, kept?.annotations?.note], ['yes', 'blue', 'mine']);
  });

  test('looks again at once when somebody wrote in between', async () => {
    void world.start();
    await world.soon();
    world.observe = () => at('eu-1');
    let raced = false;
    world.judge = ({ verb, resource }) => {
      if (verb === 'replace' && resource.plural === 'configmaps' && !raced) {
        raced = true;
        world.change(CONFIG_MAPS, { metadata: { ...KEY, labels: { team: 'blue' } } });
      }
      return undefined;
    };
    world.ring();
    await world.clock.advance(100);
    assert.ok(raced);
    assert.equal(world.place, 'eu eu-1 2 Settled');
    assert.equal(world.reconciles.filter(({ error }) => error !== undefined).length, 1);
  });

  test('does not spin when every write meets a conflict', async () => {
    void world.start();
    await world.soon();
    world.observe = () => at('eu-1');
    world.judge = ({ verb }) => (verb === 'replace' ? 'conflict' : undefined);
    world.ring();
    const before = world.writes;
    await world.clock.advance(60_000);
    assert.ok(world.writes - before < 40, `${world.writes - before} writes in a minute`);
    world.judge = () => undefined;
    await world.period();
    assert.equal(world.place, 'eu eu-1 2 Settled');
  });
});
