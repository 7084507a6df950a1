/** More zones than the rate limit of an account has calls for: what can wait must not delay a move. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Status } from '../../../contract/status.ts';
import { RateLimiter, type RateLimits } from '../../../dns/calls/rate-limiter.ts';
import type { DnsProvider, WriteGuard } from '../../../dns/provider.ts';
import type { RecordQuery, ServerAnswer } from '../../../dns/records/authoritative.ts';
import type { Change, Current, RecordSet, ZoneQuery } from '../../../dns/records.ts';
import { parseRecords } from '../../../dns/zones.ts';
import { sleep } from '../../../runtime/clock.ts';
import { KeptInMemory } from '../../../test/support/dns/kept-in-memory.ts';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { SignalWorker } from '../worker.ts';
import { DnsSignal } from './index.ts';
import { EAST, WEST } from './testing/scene.ts';

const STATUS = { epoch: 1 } as Status;
const LATENCY_MS = 150;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const writes = { ms: 10_000, calls: 5 };

interface Account extends Omit<RateLimits, 'provider' | 'writes'> {
  readonly driftMs: number;
  /** Whether a call tells if a change has arrived, as at Route 53; it never has. */
  readonly hasLooks: boolean;
}

/** Zones in memory, behind a rate limit. */
class MeteredProvider implements DnsProvider {
  readonly name = 'metered';
  readonly driftMs: number;
  readonly reads: { readonly zone: string; readonly at: number }[] = [];
  /** By zone, when it got its record. */
  readonly written = new Map<string, number>();
  readonly #clock: VirtualClock;
  readonly #limiter: RateLimiter;
  readonly #callsOfAWrite: number;
  readonly #hasLooks: boolean;
  readonly #sets = new Map<string, readonly RecordSet[]>();

  constructor(clock: VirtualClock, { driftMs, hasLooks, ...limits }: Account) {
    this.driftMs = driftMs;
    this.#clock = clock;
    this.#limiter = new RateLimiter(clock, { provider: 'metered', writes, ...limits });
    this.#callsOfAWrite = limits.moveCalls - 1;
    this.#hasLooks = hasLooks;
  }

  async read({ zone, purpose = 'first', abort }: ZoneQuery): Promise<Current> {
    await this.#limiter.call(abort, purpose, () => sleep(this.#clock, LATENCY_MS, abort));
    abort.throwIfAborted();
    this.reads.push({ zone, at: this.#clock.elapsed() });
    return { sets: this.#sets.get(zone) ?? [], others: [] };
  }

  async apply(zone: string, changes: readonly Change[], guard: WriteGuard): Promise<void> {
    const { abort } = guard;
    for (let call = 0; call < this.#callsOfAWrite; call += 1)
      await this.#limiter.call(abort, 'write', () => sleep(this.#clock, LATENCY_MS, abort));
    guard.assertMayWrite();
    this.written.set(zone, this.#clock.elapsed());
    this.#sets.set(
      zone,
      changes.flatMap((change) => ('desired' in change ? [change.desired] : [])),
    );
  }

  async lookup({ abort }: RecordQuery): Promise<readonly ServerAnswer[]> {
    const look = () => this.#limiter.call(abort, 'look', () => sleep(this.#clock, LATENCY_MS, abort));
    if (this.#hasLooks) await look().catch(() => undefined);
    return [];
  }
}

function following(t: TestContext, count: number, account: Account) {
  const clock = new VirtualClock();
  const provider = new MeteredProvider(clock, account);
  const names = Array.from({ length: count }, (_, index) => `zone-${index}.com`);
  const failures: string[] = [];
  const signal = new DnsSignal({
    name: 'dns',
    provider,
    records: parseRecords(names).records,
    sites: [EAST, WEST],
    ttl: 60,
    clock,
    random: () => 0.5,
    kept: new KeptInMemory(names).open(),
    lookup: () => Promise.resolve([]),
    observer: {
      onStatuses: () => undefined,
      onFailure: (zone, errors) => failures.push(`${zone}: ${errors.map(String).join()}`),
      onRecovered: () => undefined,
      onUnfollowed: () => undefined,
    },
  });
  const ending = new AbortController();
  t.after(() => ending.abort());
  const { signal: abort } = ending;
  const worker = new SignalWorker(signal, { clock, random: () => 0.5, onProgress: () => undefined });
  let epoch = 0;
  void worker.run({ term: 1, abort, isLeader: () => true, confirm: () => Promise.resolve(1) });
  return {
    clock,
    provider,
    failures,
    /** When the first and the last zone had moved, in milliseconds from now on. */
    move: async (site: typeof EAST, ms: number) => {
      const { written } = provider;
      written.clear();
      const began = clock.elapsed();
      worker.publish({ follower: 'default', site, status: STATUS, hasMoved: epoch > 0 });
      epoch += 1;
      await clock.advance(ms);
      assert.equal(written.size, count, `${written.size} of ${count} have moved after ${ms} ms`);
      const times = [...written.values()].map((at) => at - began);
      t.diagnostic(`from ${Math.min(...times)} to ${Math.max(...times)} ms`);
      return { first: Math.min(...times), last: Math.max(...times) };
    },
  };
}

const NAMECHEAP: Account = {
  driftMs: 10 * MINUTE,
  hasLooks: false,
  windows: [
    { ms: MINUTE, calls: 20 },
    { ms: HOUR, calls: 300 },
  ],
  idleShare: 2 / 5,
  moveCalls: 4,
};
const ROUTE53: Account = {
  driftMs: 5 * MINUTE,
  hasLooks: true,
  windows: [
    { ms: 1_000, calls: 4 },
    { ms: 5 * MINUTE, calls: 900 },
  ],
  idleShare: 1 / 3,
  moveCalls: 2,
};

test('thirty zones at 20 calls a minute and 300 an hour: each is looked at, no look fails, and none delays a move', async (t) => {
  const { clock, provider, failures, move } = following(t, 30, NAMECHEAP);
  await move(EAST, 20 * MINUTE);
  failures.length = 0;
  provider.reads.length = 0;
  await clock.advance(3 * HOUR);
  assert.deepEqual(failures, []);
  const looks = Map.groupBy(provider.reads, ({ zone }) => zone);
  assert.equal(looks.size, 30);
  for (const [zone, own] of looks) assert.ok(own.length >= 9, `${zone}: ${own.length} in three hours`);
  const { first, last } = await move(WEST, 10 * MINUTE);
  assert.ok(first < 1_000, `${first} ms`);
  // 120 calls of which 20 a minute are allowed.
  assert.ok(last < 7 * MINUTE, `${last} ms`);
});

test('140 zones at four calls a second: neither looks nor what a new leader reads delays a move', async (t) => {
  const { clock, failures, move } = following(t, 140, ROUTE53);
  await move(EAST, 2 * MINUTE);
  failures.length = 0;
  for (const [site, pause] of [
    [WEST, 5 * MINUTE],
    [EAST, 5 * MINUTE - 3_000],
    [WEST, 12 * MINUTE],
  ] as const) {
    await clock.advance(pause);
    const { first, last } = await move(site, 2 * MINUTE);
    assert.ok(first < 2_000, `${first} ms`);
    // 280 calls.
    assert.ok(last < 75_000, `${last} ms`);
    assert.deepEqual(failures, [], 'who waits for a turn that comes has not failed');
  }
});

test('a move that comes while many zones are looked at does not wait for their turn', async (t) => {
  const { clock, provider, move } = following(t, 140, ROUTE53);
  await move(EAST, 2 * MINUTE);
  await clock.advance(20 * MINUTE);
  const before = provider.reads.length;
  while (provider.reads.length < before + 5) await clock.advance(100);
  const { first, last } = await move(WEST, 2 * MINUTE);
  assert.ok(first < 2_000, `${first} ms`);
  assert.ok(last < 75_000, `${last} ms`);
});
