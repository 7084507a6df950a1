/** How many calls of the API a move takes, and a look at the zone. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { followedZone } from '../../../test/support/dns/followed-zone.ts';
import { SkippingClock } from '../../../test/support/dns/harness.ts';
import { openCloudflare } from './testing/open.ts';

const ZONE = 'example.com';

/** A zone with `others` records beside those that follow. */
async function following(t: TestContext, names: readonly string[], others: number) {
  const clock = new SkippingClock();
  const { fake, provider } = await openCloudflare(t, clock);
  const zone = fake.addZone(ZONE);
  for (let index = 0; index < others; index += 1)
    fake.addRecord(zone, { name: `other-${index}.${ZONE}`, type: 'A', content: '203.0.113.9' });
  const { follow } = followedZone(ZONE, names, { provider, clock, owned: ['A'] });
  /** The calls that it takes. */
  const move = async (address: string) => {
    const before = fake.calls.length;
    await follow(names.map((name) => ({ name, type: 'A', ttl: 60, values: [address] })));
    clock.skip();
    return fake.calls.length - before;
  };
  await move('192.0.2.1');
  return { fake, zone, move };
}

const hosts = (count: number, below = '') =>
  Array.from({ length: count }, (_, index) => `host-${index}${below}.${ZONE}`);

describe('a move in a zone of usual size takes three calls, however few names', () => {
  for (const count of [1, 2, 3, 4, 5, 20]) {
    test(`${count} names`, async (t) => {
      const { move } = await following(t, hosts(count), 200);
      assert.equal(await move('192.0.2.2'), 3);
    });
  }

  test('two that are deep', async (t) => {
    const { move } = await following(t, hosts(2, '.eu.prod'), 200);
    assert.equal(await move('192.0.2.2'), 3);
  });

  test('four internationalised ones', async (t) => {
    const { move } = await following(t, hosts(4, '.xn--bcher-kva'), 200);
    assert.equal(await move('192.0.2.2'), 3);
  });
});

describe('few names in a zone of thousands of records are read one by one', () => {
  test('and it is not listed again', async (t) => {
    const { move } = await following(t, hosts(2), 1_500);
    assert.equal(await move('192.0.2.2'), 5);
    assert.equal(await move('192.0.2.1'), 5);
  });

  test('also where the list does not come', async (t) => {
    const { fake, zone, move } = await following(t, hosts(2), 10);
    for (let index = 0; index < 900; index += 1)
      fake.addRecord(zone, { name: `key-${index}.${ZONE}`, type: 'TXT', content: 'x'.repeat(20_000) });
    await move('192.0.2.2');
    assert.ok(zone.records.filter(({ content }) => content === '192.0.2.2').length === 2);
  });
});
