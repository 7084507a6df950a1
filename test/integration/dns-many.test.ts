/** A move of a thousand names of one zone, at a distance. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Ownership } from '../../dns/follower/ownership.ts';
import type { RecordSet } from '../../dns/records.ts';
import { startCloudflareHarness } from '../support/dns/cloudflare-harness.ts';
import { followedZone } from '../support/dns/followed-zone.ts';
import { connect, type Harness, portOf, SkippingClock } from '../support/dns/harness.ts';
import { startMoto } from '../support/dns/moto-harness.ts';
import { nameServerHarness } from '../support/dns/name-server-harness.ts';
import { startBind, startKnot } from '../support/dns/name-servers.ts';
import { startPowerDns } from '../support/dns/power-dns.ts';
import type { Ends } from '../support/loopback.ts';
import { startSlowWire } from '../support/slow-wire.ts';

const NAMES = 1_000;
const MOST_BYTES = 1_000_000;
const MOST_CALLS = 30;
/** Messages by TCP that a client sends before it waits for an answer; each has some 150 bytes. */
const BYTES_AT_ONCE = 2_000 * 150;

interface Peer {
  readonly start: (ends: Ends) => Promise<Harness>;
  readonly roundTripMs: number;
  /** That a move takes by calls one after another and waits of the program, on a machine that is fast enough. */
  readonly mostMs: number;
}

const PEERS: Readonly<Record<string, Peer>> = {
  'cloudflare, a fake': { start: startCloudflareHarness, roundTripMs: 150, mostMs: 10_000 },
  'route53, moto': { start: startMoto, roundTripMs: 150, mostMs: 10_000 },
  'rfc2136, BIND 9': { start: nameServerHarness(startBind, 'hmac-sha256'), roundTripMs: 100, mostMs: 5_000 },
  'rfc2136, PowerDNS': {
    start: nameServerHarness(startPowerDns, 'hmac-sha256'),
    roundTripMs: 100,
    mostMs: 5_000,
  },
  'rfc2136, Knot': { start: nameServerHarness(startKnot, 'hmac-sha256'), roundTripMs: 100, mostMs: 5_000 },
};

describe(`${NAMES} names move`, () => {
  for (const [name, { start, roundTripMs, mostMs }] of Object.entries(PEERS)) {
    test(name, async (t) => {
      const undo: (() => unknown)[] = [];
      const ends = { after: (end: () => unknown) => undo.push(end) };
      t.after(async () => {
        for (const end of undo.reverse()) await end();
      });
      const harness = await start(ends);
      const wire = await startSlowWire(ends, portOf(harness), roundTripMs);
      const clock = new SkippingClock();
      const provider = await connect(harness, await harness.at(wire.address), { ends, clock });
      const names = Array.from({ length: NAMES }, (_, index) => `host-${index}.${harness.zone}`);
      const { follow } = followedZone(harness.zone, names, { provider, clock, owned: ['A'] });
      const move = async (address: string) => {
        const [calls, started, slept] = [harness.calls?.() ?? 0, performance.now(), clock.slept];
        const connections = wire.connections.map(({ asked }) => asked);
        const sets = names.map((each): RecordSet => ({ name: each, type: 'A', ttl: 60, values: [address] }));
        await follow(sets);
        const took = Math.round(performance.now() - started);
        const asked = wire.connections.map(
          (connection, index) => connection.asked - (connections[index] ?? 0),
        );
        const made = harness.calls === undefined ? roundTrips(asked) : harness.calls() - calls;
        const least = Math.round(made * roundTripMs + clock.slept - slept);
        const bytes = asked.reduce((sum, each) => sum + each, 0);
        t.diagnostic(`${took} ms, of which ${least} for ${made} round trips and waits; ${bytes} bytes`);
        const there = (await harness.dump()).filter((line) => line.includes(address));
        assert.equal(there.length, NAMES);
        return { made, least, bytes };
      };
      const foreign = async () => (await harness.dump()).filter((line) => !line.startsWith('host-'));
      const before = await foreign();
      await move('192.0.2.1');
      clock.skip();
      const { made, least, bytes } = await move('192.0.2.2');
      assert.ok(made <= MOST_CALLS, `${made} round trips`);
      assert.ok(least <= mostMs, `${least} ms`);
      assert.ok(bytes <= MOST_BYTES, `${bytes} bytes`);
      assert.deepEqual(await foreign(), before);
    });
  }
});

test(`${NAMES} names with owner records change their type at Cloudflare`, async (t) => {
  const harness = await startCloudflareHarness(t);
  const clock = new SkippingClock();
  const provider = await connect(harness, harness.environment, { ends: t, clock });
  const names = Array.from({ length: NAMES }, (_, index) => `host-${index}.${harness.zone}`);
  const ownership = new Ownership({ id: 'here', prefix: '', suffix: '', wildcard: '', adopt: false });
  const owned = ['A', 'CNAME'] as const;
  const { follow } = followedZone(harness.zone, names, { provider, clock, owned, ownership });
  const move = (type: 'A' | 'CNAME', value: string) =>
    follow(names.map((each): RecordSet => ({ name: each, type, ttl: 60, values: [value] })));
  await move('A', '192.0.2.1');
  clock.skip();
  const before = harness.calls?.() ?? 0;
  await move('CNAME', 'west.example.org');
  const made = (harness.calls?.() ?? 0) - before;
  t.diagnostic(`${made} calls`);
  const there = (await harness.dump()).filter((line) => line.includes('west.example.org'));
  assert.equal(there.length, NAMES);
  assert.ok(made <= MOST_CALLS, `${made} calls`);
});

/** Of DNS by TCP, where nothing waits for the answer before: to connect, and for what is sent at once. */
function roundTrips(asked: readonly number[]): number {
  return asked.reduce((sum, bytes) => sum + (bytes === 0 ? 0 : 1 + Math.ceil(bytes / BYTES_AT_ONCE)), 0);
}
