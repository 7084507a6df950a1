import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EAST, retry, WEST, World } from './testing/scene.ts';

describe('progress', () => {
  test('wanted, accepted, seen', async () => {
    const world = new World(['app.example.com']);
    world.answers = [
      { server: 'ns1', values: [] },
      { server: 'ns2', values: undefined },
    ];
    await world.apply(EAST);
    await world.clock.advance(0);
    assert.deepEqual(world.row('app.example.com'), {
      zone: 'example.com',
      name: 'app.example.com',
      type: 'A',
      wanted: ['192.0.2.1'],
      accepted: { values: ['192.0.2.1'], at: '2026-01-01T00:00:00.000Z' },
      error: undefined,
      seen: { values: [], servers: ['ns1'], silent: ['ns2'], at: '2026-01-01T00:00:00.000Z' },
    });
    world.answers = ['ns1', 'ns2'].map((server) => ({ server, values: ['192.0.2.1'] }));
    await world.clock.advance(10_000);
    const { seen } = world.row('app.example.com');
    assert.deepEqual(seen?.values, ['192.0.2.1']);
    assert.equal(seen?.at, '2026-01-01T00:00:07.500Z');
  });

  test('while a change is not accepted, the old value is shown as accepted', async () => {
    const world = new World(['app.example.com']);
    await world.apply(EAST);
    world.provider.before = (call) => (call.startsWith('apply') ? Promise.reject(retry()) : undefined);
    await assert.rejects(world.apply(WEST));
    const { wanted, accepted } = world.row('app.example.com');
    assert.deepEqual([wanted, accepted?.values], [['192.0.2.2'], ['192.0.2.1']]);
  });

  test('the name servers are asked less and less often, until all that answer agree', async () => {
    const world = new World(['app.example.com']);
    world.answers = [
      { server: 'ns1', values: ['192.0.2.1'] },
      { server: 'ns2', values: ['192.0.2.9'] },
    ];
    await world.apply(EAST);
    await world.clock.advance(600_000);
    assert.ok(world.lookups > 10 && world.lookups < 20, `${world.lookups} lookups`);
    world.answers = [
      { server: 'ns1', values: ['192.0.2.1'] },
      { server: 'ns2', values: undefined },
    ];
    await world.clock.advance(60_000);
    const after = world.lookups;
    await world.clock.advance(3_600_000);
    assert.equal(world.lookups, after);
  });

  test('asking ends after 90 minutes, and with the leadership', async () => {
    const world = new World(['app.example.com']);
    await world.apply(EAST);
    await world.clock.advance(95 * 60_000);
    const after = world.lookups;
    assert.ok(after > 80, 'silence is no agreement');
    await world.clock.advance(3_600_000);
    assert.equal(world.lookups, after);
    world.stop();
    assert.equal(world.clock.pending, 0);
  });
});
