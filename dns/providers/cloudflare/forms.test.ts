/** Names in whatever form the API has them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeCloudflare } from '../../../test/support/dns/fake-cloudflare.ts';
import { followedZone } from '../../../test/support/dns/followed-zone.ts';
import { SkippingClock } from '../../../test/support/dns/harness.ts';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { openCloudflare } from './testing/open.ts';

const RECORD = { type: 'A', content: '192.0.2.1', ttl: 60, proxied: false, comment: null, tags: [] };
const { signal: abort } = new AbortController();

test('a record that the API has in Unicode is found by its name, and not made a second time', async (t) => {
  const { fake, provider } = await openCloudflare(t, new VirtualClock());
  const zone = fake.addZone('example.com');
  fake.addRecord(zone, { name: 'bücher.example.com', type: 'A', content: '192.0.2.1' });
  const { sets } = await provider.read({ zone: 'example.com', names: ['xn--bcher-kva.example.com'], abort });
  assert.deepEqual(
    sets.map(({ name, values }) => [name, values]),
    [['xn--bcher-kva.example.com', ['192.0.2.1']]],
  );
});

test('the zones below one, also where the API knows no ends of names', async (t) => {
  const { fake, provider } = await openCloudflare(t, new VirtualClock());
  for (const name of ['example.com', 'dev.example.com', 'notexample.com', 'other.example'])
    fake.addZone(name);
  fake.addZone('old.example.com', 'pending');
  const within = async () => (await provider.zonesWithin('example.com', [], abort)).toSorted();
  assert.deepEqual(await within(), ['dev.example.com', 'example.com']);
  const nothing = {
    success: true,
    errors: [],
    messages: [],
    result: [],
    result_info: { page: 1, total_pages: 0 },
  };
  fake.fail({ kind: 'answer', status: 200, body: JSON.stringify(nothing) });
  assert.deepEqual(await within(), ['dev.example.com', 'example.com']);
});

test('a token that is limited to some zones: a name that is none of theirs is no error of the token', async (t) => {
  const { fake, provider } = await openCloudflare(t, new VirtualClock());
  const unseen = () =>
    fake.fail(
      FakeCloudflare.refusal(
        403,
        0,
        "Actor 'com.cloudflare.api.token.0123456789abcdef' requires permission 'com.cloudflare.api.account.zone.list' to list zones",
      ),
    );
  fake.addZone('dev.example.com');
  unseen();
  assert.deepEqual(await provider.zonesWithin('example.com', [], abort), ['dev.example.com']);
  unseen();
  const read = provider.read({ zone: 'example.org', names: ['app.example.org'], abort });
  await assert.rejects(read, { kind: 'config', code: 'zone', message: /sees no zone example\.org/ });
});

test('few names of a zone of many pages are read by their names', async (t) => {
  const { fake, provider } = await openCloudflare(t, new VirtualClock());
  const zone = fake.addZone('example.com');
  zone.records = Array.from({ length: 7_001 }, (_, index) => ({
    ...RECORD,
    id: `r${index}`,
    name: `host-${index}.example.com`,
  }));
  const names = [6_000, 1, 2, 3, 7_000].map((index) => `host-${index}.example.com`);
  fake.paging = { most: 1_000 };
  fake.calls.length = 0;
  const { sets } = await provider.read({ zone: 'example.com', names, abort });
  assert.deepEqual(
    sets.map(({ name }) => name),
    names,
  );
  assert.equal(fake.calls.length, 1 + 1 + names.length);
});

test('a zone that is not active any more is refused as soon as the zones are listed', async (t) => {
  const { fake, provider } = await openCloudflare(t, new VirtualClock());
  fake.addZone('example.com');
  const read = () => provider.read({ zone: 'example.com', names: ['app.example.com'], abort });
  await read();
  fake.zones.pop();
  fake.addZone('example.com', 'moved');
  assert.deepEqual(await provider.zonesWithin('example.com', [], abort), []);
  await assert.rejects(read(), { kind: 'config', code: 'zone', message: /is moved at Cloudflare/ });
});

test('so is one of names whose zone is stated, within minutes, and the one in another account is written', async (t) => {
  const clock = new SkippingClock();
  const { fake, provider } = await openCloudflare(t, clock);
  const old = fake.addZone('example.com');
  const name = 'app.example.com';
  const { follow } = followedZone('example.com', [name], { provider, clock, owned: ['A'] });
  const go = (address: string) => {
    clock.skip();
    return follow([{ name, type: 'A', ttl: 60, values: [address] }]);
  };
  await go('192.0.2.1');
  fake.zones.pop();
  const moved = fake.addZone('example.com', 'moved');
  fake.zones[0] = { ...moved, id: old.id, records: old.records };
  fake.fail(FakeCloudflare.refusal(503, 0, 'not now'), (call) => call === 'GET /zones');
  await go('192.0.2.1'); // Without a list it stays as it is known.
  await assert.rejects(go('192.0.2.1'), { kind: 'config', code: 'zone', message: /is moved at Cloudflare/ });
  const { id } = fake.addZone('example.com');
  await go('192.0.2.2');
  const written = fake.zones.filter(({ records }) => records.some(({ content }) => content === '192.0.2.2'));
  assert.deepEqual(
    written.map((zone) => zone.id),
    [id],
  );
});
