/** Names that a real name server cannot be asked for, beside those that it can. */
import assert from 'node:assert/strict';
import { createConnection, createServer } from 'node:net';
import { pipeline } from 'node:stream';
import { type TestContext, test } from 'node:test';
import type { RecordSet } from '../../dns/records.ts';
import { ZoneChoice } from '../../dns/zones/zone-choice.ts';
import { parseRecords } from '../../dns/zones.ts';
import { followedZone } from '../support/dns/followed-zone.ts';
import { connect, SkippingClock } from '../support/dns/harness.ts';
import { nameServerHarness, ZONE } from '../support/dns/name-server-harness.ts';
import { KEY_NAME, startBind, startKnot } from '../support/dns/name-servers.ts';
import { startPowerDns, startPowerDnsWith } from '../support/dns/power-dns.ts';
import { serveOnLoopback } from '../support/loopback.ts';

const { signal: abort } = new AbortController();

async function following(t: TestContext, start: typeof startBind, records?: string) {
  const harness = await nameServerHarness(start, 'hmac-sha256', undefined, records)(t);
  const clock = new SkippingClock();
  const provider = await connect(harness, harness.environment, { ends: t, clock });
  /** What is wrong with names when `hosts` are to have this address. */
  const follow = async (address: string, ...hosts: string[]) => {
    const sets = hosts.map(
      (host): RecordSet => ({
        name: `${host}.${ZONE}`,
        type: address.includes(':') ? 'AAAA' : 'A',
        ttl: 60,
        values: [address],
      }),
    );
    const names = sets.map(({ name }) => name);
    const zone = followedZone(ZONE, names, { provider, clock, owned: ['A', 'AAAA', 'CNAME'] });
    clock.skip();
    await zone.follow(sets).catch(() => undefined);
    return zone.errors().map(({ name, code }) => `${name.replace(`.${ZONE}`, '')} ${code}`);
  };
  const shown = async (...hosts: string[]) => {
    const names = hosts.map((host) => `${host}.${ZONE}`);
    const { sets } = await provider.read({ zone: ZONE, names, abort });
    return sets.map(({ values }) => values.join());
  };
  return { harness, follow, shown };
}

async function countingProxy(t: TestContext, to: number) {
  let count = 0;
  const server = createServer((socket) => {
    count += 1;
    const behind = createConnection(to, '127.0.0.1');
    pipeline(socket, behind, socket, () => undefined);
  });
  return { port: await serveOnLoopback(t, server), connections: () => count };
}

test('a server that ends a connection after a few questions is asked on another one', async (t) => {
  const { follow, shown } = await following(t, startPowerDnsWith('--max-tcp-transactions-per-conn=3'));
  const hosts = ['one', 'two', 'three', 'four'];
  assert.deepEqual(await follow('192.0.2.1', ...hosts), []);
  assert.deepEqual(await shown(...hosts), Array(4).fill('192.0.2.1'));
});

test('a name for which the server answers nobody has its own error, and the others follow', async (t) => {
  const { follow, shown } = await following(t, startBind);
  assert.deepEqual(await follow('192.0.2.1', 'plain', 'app.closed', 'app.broken'), [
    'app.closed REFUSED',
    'app.broken SERVFAIL',
  ]);
  assert.deepEqual(await shown('plain'), ['192.0.2.1']);
});

test('a question that ends every connection is about its name alone', async (t) => {
  const start = startPowerDnsWith('--expand-alias=yes', '--resolver=127.0.0.1:1');
  const { follow, shown } = await following(t, start, 'al ALIAS west.example.org.\n');
  const errors = await follow('192.0.2.1', 'first', 'al', 'last');
  // It ends the connection at some types, and answers others.
  assert.match(errors.join(), /^al (network|SERVFAIL)$/);
  assert.deepEqual(await shown('first', 'last'), ['192.0.2.1', '192.0.2.1']);
});

test('an address that the server makes up from another record gets none beside it', async (t) => {
  const records = `lua LUA A "'192.0.2.77'"\n* A 203.0.113.200\n`;
  const { harness, follow, shown } = await following(
    t,
    startPowerDnsWith('--enable-lua-records=yes'),
    records,
  );
  const before = await harness.dump();
  for (const attempt of ['first', 'second']) {
    assert.deepEqual(await follow('192.0.2.1', 'lua'), ['lua made-up'], attempt);
    assert.deepEqual(await harness.dump(), before, attempt);
  }
  assert.deepEqual(await follow('192.0.2.1', 'lua', 'new'), ['lua made-up']);
  assert.deepEqual(await shown('new'), ['192.0.2.1']);
});

test('an address in a form that the server compares otherwise than it answers: what the matter is, and others follow', async (t) => {
  const records =
    '* AAAA 2001:db8::200\nlong AAAA 2001:0DB8:0000:0000:0000:0000:0000:0001\nshort AAAA 2001:db8::1\n';
  const { follow, shown } = await following(t, startPowerDns, records);
  assert.deepEqual(await follow('2001:db8::2', 'long', 'short', 'new'), ['long other-form']);
  assert.deepEqual(await shown('short', 'new'), ['2001:db8::2', '2001:db8::2']);
});

test('an address beside a record that makes up others: what the matter is, and not that somebody else writes', async (t) => {
  const records = `lua LUA A "'192.0.2.77'"\nlua A 192.0.2.9\nplain A 192.0.2.9\n`;
  const { harness, follow } = await following(t, startPowerDnsWith('--enable-lua-records=yes'), records);
  const before = await harness.dump();
  assert.deepEqual(await follow('192.0.2.1', 'lua'), ['lua made-up']);
  assert.deepEqual(await harness.dump(), before);
  assert.deepEqual(await follow('192.0.2.1', 'lua', 'plain'), ['lua made-up']);
});

for (const [server, start] of [
  ['BIND 9', startBind],
  ['Knot', startKnot],
  ['PowerDNS', startPowerDns],
] as const) {
  test(`${server}: a zone far below the registered name is found, whatever else is listed`, async (t) => {
    const zone = 'prod.k8s.example.com';
    const { port, secret } = await start(t, { zone, records: '', algorithm: 'hmac-sha256' });
    const environment = {
      DNS_PROVIDER: 'rfc2136',
      RFC2136_SERVER: `127.0.0.1:${port}`,
      RFC2136_TSIG_NAME: KEY_NAME,
      RFC2136_TSIG_SECRET: secret,
    };
    const harness = await nameServerHarness(start, 'hmac-sha256')(t);
    const clock = new SkippingClock();
    const provider = await connect(harness, environment, { ends: t, clock });
    const { records } = parseRecords([`app.${zone}`, 'www.example.com']);
    const { namesByZone, held } = await new ZoneChoice(provider, records, clock, () => undefined).choose(
      abort,
    );
    assert.deepEqual(held, []);
    assert.deepEqual(Object.fromEntries(namesByZone), {
      [zone]: [`app.${zone}`],
      'example.com': ['www.example.com'],
    });
  });
}

test('what has become of many names is asked by one connection, not by one for each', async (t) => {
  const harness = await nameServerHarness(startBind, 'hmac-sha256')(t);
  const proxy = await countingProxy(t, harness.server.port);
  const provider = await connect(harness, await harness.at(`127.0.0.1:${proxy.port}`), { ends: t });
  const names = Array.from({ length: 300 }, (_, index) => (index % 2 === 0 ? 'mail' : `host-${index}`));
  const answers = await Promise.all(
    names.map(async (host) =>
      provider.lookup?.({ zone: ZONE, name: `${host}.${ZONE}`, type: 'A', abort }, () => Promise.resolve([])),
    ),
  );
  const expected = names.map((host) => (host === 'mail' ? '203.0.113.25' : '203.0.113.200'));
  assert.deepEqual(
    answers.map((answer) => answer?.[0]?.values?.join()),
    expected,
  );
  assert.equal(proxy.connections(), 1);
});
