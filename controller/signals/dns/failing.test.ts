import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DnsError } from '../../../dns/provider.ts';
import { settle } from '../../../test/support/virtual-clock.ts';
import { DRIFT_MS, EAST, retry, WEST, World } from './testing/scene.ts';

describe('a failing zone', () => {
  test('holds up no other one, and is reported', async () => {
    const world = new World();
    world.provider.before = (call) => (call.endsWith('.com') ? Promise.reject(retry()) : undefined);
    await assert.rejects(world.apply(EAST), { message: 'the provider says no' });
    assert.deepEqual(world.provider.writes, ['write example.net 192.0.2.1']);
    const { error } = world.row('app.example.com');
    assert.deepEqual(error, {
      text: 'the provider says no',
      code: '42',
      kind: 'retry',
      action: 'Wait.',
      since: '2026-01-01T00:00:00.000Z',
    });
    assert.equal(world.row('app.example.net').error, undefined);
    world.provider.before = () => undefined;
    await world.apply(EAST);
    assert.equal(world.row('app.example.com').error, undefined);
    assert.deepEqual(world.reported, [
      'failed example.com: DnsError: the provider says no',
      'recovered example.com',
    ]);
  });

  test('that hangs does not keep the next state from the others', async () => {
    const world = new World();
    world.provider.before = (call) => (call.endsWith('.com') ? new Promise(() => undefined) : undefined);
    const late = { message: /^DNS zone example\.com is not as desired after 15 s/ };
    const first = assert.rejects(world.apply(EAST), late);
    await world.clock.advance(15_000);
    await first;
    const second = assert.rejects(world.apply(WEST), late);
    await world.clock.advance(15_000);
    await second;
    assert.deepEqual(world.provider.writes, ['write example.net 192.0.2.1', 'write example.net 192.0.2.2']);
  });

  test('that hangs keeps nobody from a newer state, whose coming ends the waiting for it', async () => {
    const world = new World();
    world.provider.before = (call) => (call.endsWith('.com') ? new Promise(() => undefined) : undefined);
    const first = assert.rejects(world.apply(EAST), { name: 'SupersededError' });
    await settle();
    world.signal.hasten();
    await first;
    void world.apply(WEST).catch(() => undefined);
    await settle();
    assert.deepEqual(world.provider.writes, ['write example.net 192.0.2.1', 'write example.net 192.0.2.2']);
    assert.equal(world.row('app.example.net').error, undefined);
  });

  test('whose list does not come delays no other one, nor the next state', async () => {
    const world = new World(['app.example.com', 'app.dev.example.net']);
    world.provider.beforeList = (zone) => (zone.endsWith('.net') ? new Promise(() => undefined) : undefined);
    const first = assert.rejects(world.apply(EAST), { code: 'waiting' });
    await settle();
    assert.deepEqual(world.provider.writes, ['write example.com 192.0.2.1']);
    await world.clock.advance(5_000);
    await first;
    const second = assert.rejects(world.apply(WEST), { code: 'waiting' });
    await settle();
    assert.deepEqual(world.provider.writes.slice(1), ['write example.com 192.0.2.2']);
    await world.clock.advance(300);
    await second;
    world.provider.beforeList = () => undefined;
    await world.clock.advance(60_000);
    await world.apply(WEST);
    assert.deepEqual(world.provider.writes.slice(2), ['write example.net 192.0.2.2']);
    assert.equal(world.row('app.dev.example.net').error, undefined);
  });

  test('whose turn has not come for the rate limit is the first at the next attempt', async () => {
    const world = new World(['a', 'b', 'c', 'd', 'e'].map((host) => `app.${host}.com`));
    let left = 0;
    world.provider.before = (call) => {
      if (!call.startsWith('read')) return undefined;
      left -= 1;
      return left < 0 ? Promise.reject(retry()) : undefined;
    };
    for (const count of [2, 4, 5]) {
      left = 2;
      await world.apply(EAST).catch(() => undefined);
      assert.equal(world.provider.zones.size, count);
      // Those that were written are due again, too.
      await world.clock.advance(DRIFT_MS);
    }
  });

  test('is left alone as long as its provider asks for, unless there is something new', async () => {
    const world = new World(['app.example.com']);
    world.provider.before = () => Promise.reject(retry(60_000));
    await assert.rejects(world.apply(EAST));
    await world.clock.advance(59_000);
    await assert.rejects(world.apply(EAST), { retryAfterMs: 1_000 });
    assert.equal(world.provider.calls.length, 1);
    assert.equal(world.reported.length, 1);
    await assert.rejects(world.apply(WEST));
    assert.equal(world.provider.calls.length, 2);
  });

  test('keeps the time of its first failure', async () => {
    const world = new World(['app.example.com']);
    world.provider.before = () => Promise.reject(retry());
    await assert.rejects(world.apply(EAST));
    await world.clock.advance(5_000);
    await assert.rejects(world.apply(EAST));
    assert.equal(world.row('app.example.com').error?.since, '2026-01-01T00:00:00.000Z');
  });

  test('two of them are both named', async () => {
    const world = new World();
    world.provider.before = (call) =>
      Promise.reject(new DnsError(`no ${call}`, { kind: 'retry', action: '' }));
    await assert.rejects(world.apply(EAST), { message: 'no read example.com; no read example.net' });
  });
});
