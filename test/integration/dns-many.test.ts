/** A move of a thousand names of one zone, at a distance. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RecordSet } from '../../dns/records.ts';
import { type Bench, connect, type Ends, SkippingClock } from '../support/dns/bench.ts';
import { startCloudflareBench } from '../support/dns/cloudflare-bench.ts';
import { followedZone } from '../support/dns/followed-zone.ts';
import { startMoto } from '../support/dns/moto-bench.ts';
import { nameServerBench } from '../support/dns/name-server-bench.ts';
import { startBind, startKnot } from '../support/dns/name-servers.ts';
import { startPowerDns } from '../support/dns/power-dns.ts';
import { startSlowWire } from '../support/slow-wire.ts';

const NAMES = 1_000;
const MOST_CALLS = 30;

interface Peer {
  readonly start: (ends: Ends) => Promise<Bench>;
  readonly roundTripMs: number;
}

const PEERS: Readonly<Record<string, Peer>> = {
  'cloudflare, a stand-in': { start: startCloudflareBench, roundTripMs: 150 },
  'route53, moto': { start: startMoto, roundTripMs: 150 },
  'rfc2136, BIND 9': { start: nameServerBench(startBind, 'hmac-sha256'), roundTripMs: 100 },
  'rfc2136, PowerDNS': { start: nameServerBench(startPowerDns, 'hmac-sha256'), roundTripMs: 100 },
  'rfc2136, Knot': { start: nameServerBench(startKnot, 'hmac-sha256'), roundTripMs: 100 },
};

describe(`${NAMES} names move`, () => {
  for (const [name, { start, roundTripMs }] of Object.entries(PEERS)) {
    test(name, async (t) => {
      const undo: (() => unknown)[] = [];
      const ends = { after: (end: () => unknown) => undo.push(end) };
      t.after(async () => {
        for (const end of undo.reverse()) await end();
      });
      const bench = await start(ends);
      const wire = await startSlowWire(ends, portOf(bench), roundTripMs);
      const clock = new SkippingClock();
      const provider = await connect(bench, await bench.at(wire.address), { ends, clock });
      const names = Array.from({ length: NAMES }, (_, index) => `host-${index}.${bench.zone}`);
      const { follow } = followedZone(bench.zone, names, { provider, clock, owned: ['A'] });
      const move = async (address: string) => {
        const [calls, started] = [bench.calls?.() ?? 0, performance.now()];
        const sets = names.map((each): RecordSet => ({ name: each, type: 'A', ttl: 60, values: [address] }));
        await follow(sets);
        t.diagnostic(
          `${Math.round(performance.now() - started)} ms, ${(bench.calls?.() ?? 0) - calls} calls`,
        );
        const there = (await bench.dump()).filter((line) => line.includes(address));
        assert.equal(there.length, NAMES);
        return (bench.calls?.() ?? 0) - calls;
      };
      const foreign = async () => (await bench.dump()).filter((line) => !line.startsWith('host-'));
      const before = await foreign();
      await move('192.0.2.1');
      clock.skip();
      assert.ok((await move('192.0.2.2')) <= MOST_CALLS);
      assert.deepEqual(await foreign(), before);
    });
  }
});

/** Of the peer itself, out of what configures a controller for it. */
function portOf({ environment }: Bench): number {
  const address = Object.values(environment).find((value) => /127\.0\.0\.1:\d+/.test(value ?? '')) ?? '';
  return Number(/127\.0\.0\.1:(\d+)/.exec(address)?.[1]);
}
