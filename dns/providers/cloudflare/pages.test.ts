/** Zones that the API lists by several pages. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { openCloudflare } from './testing/open.ts';

const ZONE = 'example.com';
const NAMES = Array.from({ length: 50 }, (_, index) => `host-${index}.${ZONE}`);
const { signal: abort } = new AbortController();

/** A zone with an address at each name. */
async function open(t: TestContext) {
  const { fake, provider } = await openCloudflare(t, new VirtualClock());
  const zone = fake.addZone(ZONE);
  for (const name of NAMES) fake.addRecord(zone, { name, type: 'A', content: '192.0.2.1' });
  const read = async () => (await provider.read({ zone: ZONE, names: NAMES, abort })).sets.length;
  return { fake, zone, read };
}

for (const unsaid of [
  [],
  ['total_pages'],
  ['total_count'],
  ['total_pages', 'total_count'],
  ['per_page'],
  ['total_pages', 'total_count', 'per_page'],
] as const) {
  test(`pages smaller than asked for are all read, without ${unsaid.join(' and ') || 'nothing'}`, async (t) => {
    const { fake, read } = await open(t);
    fake.paging = { most: 7, unsaid };
    assert.equal(await read(), NAMES.length);
  });
}

test('a record that goes while the pages are read: none of the others seems to be missing', async (t) => {
  const { fake, zone, read } = await open(t);
  fake.addRecord(zone, { name: `first.${ZONE}`, type: 'TXT', content: '"acme"' });
  zone.records = zone.records.toReversed();
  fake.paging = { most: 20 };
  fake.onAnswered = () => {
    if (fake.calls.length === 2) zone.records = zone.records.filter(({ type }) => type === 'A');
  };
  await assert.rejects(read(), { kind: 'retry', code: 'bad-answer', message: /came or went while/ });
  assert.equal(await read(), NAMES.length);
});

test('pages that are not all there are not taken for the zone', async (t) => {
  const { fake, zone, read } = await open(t);
  fake.paging = { most: 20 };
  const [first = ''] = NAMES;
  const short = {
    success: true,
    errors: [],
    messages: [],
    result: zone.records.filter(({ name }) => name !== first).slice(0, 19),
    result_info: { page: 1, per_page: 20, count: 19, total_count: NAMES.length, total_pages: 3 },
  };
  fake.fail({ kind: 'answer', status: 200, body: JSON.stringify(short) }, (call) => call.endsWith('records'));
  await assert.rejects(read(), { kind: 'retry', code: 'bad-answer', message: /have 49 records.* says 50/ });
});

test('nor is the only page, where it has less than it says', async (t) => {
  const { fake, zone, read } = await open(t);
  const short = {
    success: true,
    errors: [],
    messages: [],
    result: zone.records.slice(1),
    result_info: { page: 1, per_page: 5_000, count: 49, total_count: NAMES.length, total_pages: 1 },
  };
  fake.fail({ kind: 'answer', status: 200, body: JSON.stringify(short) }, (call) => call.endsWith('records'));
  await assert.rejects(read(), { kind: 'retry', code: 'bad-answer', message: /have 49 records.* says 50/ });
});

test('a zone whose large pages are too large is read by small ones, and asked for those from then on', async (t) => {
  const { fake, zone, read } = await open(t);
  const content = 'x'.repeat(6_000);
  for (let index = 0; index < 3_000; index += 1)
    fake.addRecord(zone, { name: `key-${index}.${ZONE}`, type: 'TXT', content });
  assert.equal(await read(), NAMES.length);
  const before = fake.calls.length;
  assert.equal(await read(), NAMES.length);
  assert.equal(fake.calls.length - before, 4);
});
