/** A move of a thousand names of one zone, at a distance. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RecordSet } from '../../dns/records.ts';
import { startCloudflareHarness } from '../support/dns/cloudflare-harness.ts';
import { followedZone } from '../support/dns/followed-zone.ts';
import { connect, type Ends, type Harness, SkippingClock } from '../support/dns/harness.ts';
import { startMoto } from '../support/dns/moto-harness.ts';
import { nameServerHarness } from '../support/dns/name-server-harness.ts';
import { startBind, startKnot } from '../support/dns/name-servers.ts';
import { startPowerDns } from '../support/dns/power-dns.ts';
import { startSlowWire } from '../support/slow-wire.ts';

const NAMES = 1_000;
const MOST_CALLS = 30;

interface Peer {
  readonly start: (ends: Ends) => Promise<Harness>;
  readonly roundTripMs: number;
}

const PEERS: Readonly<Record<string, Peer>> = {
  'cloudflare, a fake': { start: startCloudflareHarness, roundTripMs: 150 },
  'route53, moto': { start: startMoto, roundTripMs: 150 },
  'rfc2136, BIND 9': { start: nameServerHarness(startBind, 'hmac-sha256'), roundTripMs: 100 },
  'rfc2136, PowerDNS': { start: nameServerHarness(startPowerDns, 'hmac-sha256'), roundTripMs: 100 },
  'rfc2136, Knot': { start: nameServerHarness(startKnot, 'hmac-sha256'), roundTripMs: 100 },
};

describe(`${NAMES} names move`, () => {
  for (const [name, { start, roundTripMs }] of Object.entries(PEERS)) {
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
        const [calls, started] = [harness.calls?.() ?? 0, performance.now()];
        const sets = names.map((each): RecordSet => ({ name: each, type: 'A', ttl: 60, values: [address] }));
        await follow(sets);
        t.diagnostic(
          `${Math.round(performance.now() - started)} ms, ${(harness.calls?.() ?? 0) - calls} calls`,
        );
        const there = (await harness.dump()).filter((line) => line.includes(address));
        assert.equal(there.length, NAMES);
        return (harness.calls?.() ?? 0) - calls;
      };
      const foreign = async () => (await harness.dump()).filter((line) => !line.startsWith('host-'));
      const before = await foreign();
      await move('192.0.2.1');
      clock.skip();
      assert.ok((await move('192.0.2.2')) <= MOST_CALLS);
      assert.deepEqual(await foreign(), before);
    });
  }
});

/** Of the peer itself, out of what configures a controller for it. */
function portOf({ environment }: Harness): number {
  const address = Object.values(environment).find((value) => /127\.0\.0\.1:\d+/.test(value ?? '')) ?? '';
  return Number(/127\.0\.0\.1:(\d+)/.exec(address)?.[1]);
}
