import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { settle } from '../../../test/support/virtual-clock.ts';
import { DRIFT_MS, EAST, retry, WEST, World } from './testing/scene.ts';

describe('what is asked of the provider', () => {
  test('no active site: nothing', async () => {
    const world = new World();
    await world.apply(undefined);
    assert.deepEqual(world.provider.calls, []);
  });

  test('a zone is read once and written only when it differs', async () => {
    const world = new World(['app.example.com']);
    await world.apply(EAST);
    await world.apply(EAST);
    await world.apply(WEST);
    assert.deepEqual(world.provider.calls, [
      'read example.com',
      'apply example.com',
      'write example.com 192.0.2.1',
      'read example.com',
      'apply example.com',
      'write example.com 192.0.2.2',
    ]);
  });

  test('a zone that comes to be below another one gets its names', async () => {
    const world = new World(['app.dev.example.com', 'www.example.com']);
    await world.apply(EAST);
    world.provider.nested = ['example.com', 'dev.example.com'];
    await world.clock.advance(601_000);
    world.provider.calls.length = 0;
    await world.apply(WEST);
    assert.deepEqual(
      world.provider.writes,
      ['write example.com 192.0.2.2', 'write dev.example.com 192.0.2.2'].toSorted(),
    );
    assert.equal(world.row('app.dev.example.com').zone, 'dev.example.com');
    assert.deepEqual(world.row('app.dev.example.com').accepted?.values, [WEST.ip]);
    assert.equal(world.statuses.length, 2);
  });

  test('drift is checked at the provider’s pace, whatever else changes', async () => {
    const world = new World(['app.example.com']);
    await world.apply(EAST);
    await world.clock.advance(45_000);
    await world.apply(EAST);
    world.provider.calls.length = 0;
    for (let at = 0; at < 250_000; at += 10_000) {
      await world.clock.advance(10_000);
      await world.apply(EAST);
    }
    assert.deepEqual(world.provider.calls, []);
    world.provider.zones.set('example.com', []);
    await world.clock.advance(DRIFT_MS * 0.8);
    await world.apply(EAST);
    assert.deepEqual(world.provider.writes, ['write example.com 192.0.2.1']);
  });

  test('45 s after a change of leader the zone is read again, once', async () => {
    const world = new World(['app.example.com']);
    await world.apply(EAST);
    world.loseAndRegain();
    await world.apply(EAST);
    // The last call of the stopped predecessor arrives.
    world.provider.zones.set('example.com', [
      { name: 'app.example.com', type: 'A', ttl: 60, values: [WEST.ip] },
    ]);
    await world.apply(EAST);
    assert.equal(world.provider.writes.length, 1);
    await world.clock.advance(45_000);
    assert.equal(world.wakes, 1);
    await world.apply(EAST);
    await world.apply(EAST);
    assert.equal(world.provider.writes.length, 2);
    assert.equal(world.provider.calls.filter((call) => call.startsWith('read')).length, 3);
  });

  test('after a write whose answer did not come the zone is read again', async () => {
    const world = new World(['app.example.com']);
    await world.apply(EAST);
    await world.clock.advance(45_000);
    await world.apply(EAST);
    world.provider.beforeWrite = () => Promise.reject(retry());
    await assert.rejects(world.apply(WEST));
    world.provider.beforeWrite = () => undefined;
    await world.apply(WEST);
    const before = world.wakes;
    await world.clock.advance(45_000);
    assert.ok(world.wakes > before);
    world.provider.calls.length = 0;
    await world.apply(WEST);
    assert.deepEqual(world.provider.calls, ['read example.com']);
  });
});

test('an AAAA beside IPv4-only sites stays, and is reported until it is gone', async () => {
  const world = new World(['app.example.com', 'www.example.com']);
  const aaaa = { name: 'app.example.com', type: 'AAAA', ttl: 60, values: ['2001:db8::5'] } as const;
  world.provider.zones.set('example.com', [aaaa]);
  await world.apply(EAST);
  assert.deepEqual(world.unfollowed, ['app.example.com AAAA']);
  assert.deepEqual(world.row('app.example.com').unfollowed, ['AAAA 2001:db8::5']);
  assert.equal(world.row('www.example.com').unfollowed, undefined);
  world.provider.zones.set('example.com', []);
  await world.apply(WEST);
  assert.deepEqual(world.unfollowed, []);
  assert.equal(world.row('app.example.com').unfollowed, undefined);
});

describe('who may write', () => {
  test('not whose Lease has run out', async () => {
    const world = new World(['app.example.com']);
    world.provider.before = (call) => {
      if (call.startsWith('apply')) world.held = false;
      return undefined;
    };
    await assert.rejects(world.apply(EAST), { name: 'SupersededError' });
    assert.deepEqual(world.provider.writes, []);
    assert.deepEqual(world.reported, []);
  });

  test('not for a site that is no longer active; the newest one is written instead', async () => {
    const world = new World(['app.example.com']);
    const gate = Promise.withResolvers<void>();
    world.provider.before = (call) => (call.startsWith('apply') ? gate.promise : undefined);
    const first = world.apply(EAST);
    await settle();
    const second = world.apply(WEST);
    gate.resolve();
    await Promise.all([first, second]);
    assert.deepEqual(world.provider.writes, ['write example.com 192.0.2.2']);
  });

  test('never two at once in one zone', async () => {
    const world = new World(['app.example.com']);
    let inside = 0;
    let most = 0;
    world.provider.before = async () => {
      inside += 1;
      most = Math.max(most, inside);
      await settle();
      inside -= 1;
    };
    await Promise.all([EAST, WEST, EAST, WEST].map((site) => world.apply(site)));
    assert.equal(most, 1);
    assert.equal(world.provider.zones.get('example.com')?.[0]?.values[0], WEST.ip);
  });
});

describe('where each site is a Kubernetes cluster', () => {
  test('only that of the active site writes', async () => {
    const world = new World(['app.example.com'], EAST);
    await world.apply(WEST);
    assert.deepEqual(world.provider.calls, []);
    await world.apply(EAST);
    assert.deepEqual(world.provider.writes, ['write example.com 192.0.2.1']);
    await world.apply(WEST);
    await world.clock.advance(601_000);
    assert.equal(world.provider.writes.length, 1);
  });

  test('what was about to be written is not, once another site is active', async () => {
    const world = new World(['app.example.com'], EAST);
    const { promise: read, resolve: answer } = Promise.withResolvers<void>();
    world.provider.before = (call) => (call.startsWith('read') ? read : undefined);
    const writing = world.apply(EAST);
    await settle();
    await world.apply(WEST);
    answer();
    await writing;
    assert.deepEqual(world.provider.writes, []);
  });
});
