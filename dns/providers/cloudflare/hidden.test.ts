/** What name servers do not show of records at Cloudflare. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { FakeCloudflare } from '../../../test/support/dns/fake-cloudflare.ts';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import type { AuthoritativeLookup, ServerAnswer } from '../../records/authoritative.ts';
import type { RecordType } from '../../records.ts';
import { openCloudflare } from './testing/open.ts';

const ZONE = 'example.com';
const TARGET = 'west.example.net';
const { signal: abort } = new AbortController();

/** A zone with these records; its name servers answer as `answers` says, by type, and with nothing else. */
async function open(
  t: TestContext,
  records: Parameters<FakeCloudflare['addRecord']>[1][],
  answers: Partial<Record<RecordType, readonly string[]>>,
) {
  const clock = new VirtualClock();
  const { fake, provider } = await openCloudflare(t, clock);
  const zone = fake.addZone(ZONE);
  for (const record of records) fake.addRecord(zone, record);
  const ask: AuthoritativeLookup = ({ type }) =>
    Promise.resolve([{ server: 'ns1', values: answers[type] ?? [] }]);
  await provider.read({ zone: ZONE, names: records.map(({ name }) => name), abort });
  const lookup = (name: string, type: RecordType): Promise<readonly ServerAnswer[]> =>
    provider.lookup({ zone: ZONE, name, type, abort }, ask);
  return { clock, lookup };
}

test('a CNAME at the top of the zone is flattened: the API says what is there', async (t) => {
  const { lookup } = await open(t, [{ name: ZONE, type: 'CNAME', content: TARGET }], { A: ['203.0.113.9'] });
  assert.deepEqual(await lookup(ZONE, 'CNAME'), [
    { server: 'Cloudflare (flattened)', values: [TARGET], hidden: 'flattened' },
  ]);
});

test('a CNAME that is set to be flattened', async (t) => {
  const name = `app.${ZONE}`;
  const record = { name, type: 'CNAME', content: TARGET, settings: { flatten_cname: true } };
  const { lookup } = await open(t, [record], { A: ['203.0.113.9'] });
  const [answer] = await lookup(name, 'CNAME');
  assert.deepEqual([answer?.values, answer?.hidden], [[TARGET], 'flattened']);
});

test('a proxied record', async (t) => {
  const name = `app.${ZONE}`;
  const record = { name, type: 'A', content: '192.0.2.1', proxied: true, ttl: 1 };
  const { lookup } = await open(t, [record], { A: ['203.0.113.9'] });
  assert.deepEqual(await lookup(name, 'A'), [
    { server: 'Cloudflare (proxied)', values: ['192.0.2.1'], hidden: 'proxied' },
  ]);
});

test('all CNAMEs of a zone are flattened: not believed before the servers had the time to change', async (t) => {
  const name = `app.${ZONE}`;
  const { lookup, clock } = await open(t, [{ name, type: 'CNAME', content: TARGET }], { A: ['203.0.113.9'] });
  assert.deepEqual(await lookup(name, 'CNAME'), [{ server: 'ns1', values: undefined }]);
  await clock.advance(60_000);
  const [answer] = await lookup(name, 'CNAME');
  assert.deepEqual([answer?.values, answer?.hidden], [[TARGET], 'flattened']);
});

test('what is neither is asked of the name servers', async (t) => {
  const name = `app.${ZONE}`;
  const shown = await open(t, [{ name, type: 'CNAME', content: TARGET }], { CNAME: [TARGET] });
  assert.deepEqual(await shown.lookup(name, 'CNAME'), [{ server: 'ns1', values: [TARGET] }]);
  const absent = await open(t, [{ name, type: 'CNAME', content: TARGET }], {});
  await absent.clock.advance(120_000);
  assert.deepEqual(await absent.lookup(name, 'CNAME'), [{ server: 'ns1', values: [] }]);
});
