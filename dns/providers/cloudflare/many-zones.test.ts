/** One name in each of many zones: each costs its calls, and a move must not wait for the budget. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Agent } from 'undici';
import { type Clock, systemClock } from '../../../runtime/clock.ts';
import { followedZone } from '../../../test/support/dns/followed-zone.ts';
import { SkippingClock } from '../../../test/support/dns/harness.ts';
import { openCloudflare } from './testing/open.ts';

function rejected(outcomes: readonly PromiseSettledResult<void>[]): number {
  return outcomes.filter(({ status }) => status === 'rejected').length;
}

/** One name in each of `count` zones below `example`, listed together or each as a domain of its own. */
async function manyZones(t: TestContext, count: number, clock: Clock, isListed = true) {
  const { fake, provider } = await openCloudflare(t, clock, new Agent({ connections: 4 }));
  const ending = new AbortController();
  t.after(() => ending.abort());
  const { signal: abort } = ending;
  const leadership = { term: 1, abort, isLeader: () => true, confirm: () => Promise.resolve(1) };
  const zones = Array.from({ length: count }, (_, index) => `zone-${index}.example`).map((zone) => {
    fake.addZone(zone);
    const name = `app.${zone}`;
    const { follow } = followedZone(zone, [name], { provider, clock, owned: ['A'], leadership });
    return (address: string, isMove?: boolean) =>
      follow([{ name, type: 'A', ttl: 60, values: [address] }], isMove);
  });
  if (isListed) await provider.zonesWithin('example', [], abort);
  else await Promise.all(fake.zones.map(({ name }) => provider.zonesWithin(name, [], abort)));
  t.after(() => t.diagnostic(`${fake.calls.length} calls`));
  return {
    fake,
    zones,
    move: (address: string, isMove?: boolean) =>
      Promise.allSettled(zones.map((move) => move(address, isMove))),
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

test('three hundred domains: a new leader finds all of them as they should be, and then all move at once', async (t) => {
  const clock = new SkippingClock();
  const { fake, move, moved } = await manyZones(t, 300, clock, false);
  for (const zone of fake.zones)
    fake.addRecord(zone, { name: `app.${zone.name}`, type: 'A', content: '192.0.2.1', ttl: 60 });
  assert.equal(rejected(await move('192.0.2.1', false)), 0);
  assert.ok(fake.calls.length <= 306, `${fake.calls.length} calls to find them`);
  assert.equal(rejected(await move('192.0.2.2')), 0);
  assert.equal(moved('192.0.2.2'), 300);
  assert.ok(fake.calls.length <= 960, `${fake.calls.length} calls`);
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
