/** One name in each of many zones: each costs its calls, and a move must not wait for the budget. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Agent } from 'undici';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { followedZone } from '../../test/support/dns/followed-zone.ts';
import { SkippingClock } from '../../test/support/dns/harness.ts';
import { openCloudflare } from './testing/open.ts';

/** One name in each of `count` zones below `example`, with the zones listed. */
async function manyZones(t: TestContext, count: number, clock: Clock) {
  const { fake, provider } = await openCloudflare(t, clock, new Agent({ connections: 4 }));
  const ending = new AbortController();
  t.after(() => ending.abort());
  const { signal: abort } = ending;
  const leadership = { term: 1, abort, isLeader: () => true, confirm: () => Promise.resolve(1) };
  const zones = Array.from({ length: count }, (_, index) => `zone-${index}.example`).map((zone) => {
    fake.addZone(zone);
    const name = `app.${zone}`;
    const { follow } = followedZone(zone, [name], { provider, clock, owned: ['A'], leadership });
    return (address: string) => follow([{ name, type: 'A', ttl: 60, values: [address] }]);
  });
  await provider.zonesWithin('example', [], abort);
  t.after(() => t.diagnostic(`${fake.calls.length} calls`));
  return {
    fake,
    zones,
    move: (address: string) => Promise.allSettled(zones.map((move) => move(address))),
    moved: (address: string) =>
      fake.zones.filter(({ records }) => records.some(({ content }) => content === address)).length,
  };
}

test('a hundred zones start and move within one budget of calls', async (t) => {
  const { fake, move, moved } = await manyZones(t, 100, systemClock);
  for (const address of ['192.0.2.1', '192.0.2.2']) {
    const outcomes = await move(address);
    assert.equal(outcomes.filter(({ status }) => status === 'rejected').length, 0);
    assert.equal(moved(address), 100);
  }
  assert.equal(
    fake.calls.filter((call) => call === 'GET /zones').length,
    2,
    'what was listed is not asked for',
  );
});

test('more zones than one budget has calls for: some move at once, and all of them in the end', async (t) => {
  const clock = new SkippingClock();
  const { zones, move, moved } = await manyZones(t, 460, clock);
  await move('192.0.2.1');
  const first = moved('192.0.2.1');
  assert.ok(first >= 200, `${first} moved`);
  clock.skip();
  zones.reverse(); // Those come first that were not read.
  await move('192.0.2.1');
  assert.equal(moved('192.0.2.1'), 460);
});
