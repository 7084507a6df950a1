/** A name that is refused, and what becomes of the others of its zone. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { followedZone } from '../test/support/dns/followed-zone.ts';
import { settle, VirtualClock } from '../test/support/virtual-clock.ts';
import { RateLimiter } from './calls/rate-limiter.ts';
import { DnsError, type DnsErrorKind, type DnsProvider, type WriteGuard } from './provider.ts';
import type { Change, Current, OtherRecords, RecordSet } from './records.ts';

const ZONE = 'example.com';
const WINDOW = { ms: 300_000, calls: 300 };
const LIMITS = {
  provider: 'strict',
  windows: [WINDOW],
  idleShare: 1 / 3,
  moveCalls: 2,
  writes: { ms: 10_000, calls: 5 },
};

interface Refusal {
  readonly kind: DnsErrorKind;
  readonly code: string;
  readonly retryAfterMs?: number;
}

/** Makes all changes of a call or none, and does not say which one it refuses. */
class StrictProvider implements DnsProvider {
  readonly name = 'strict';
  readonly driftMs = 600_000;
  appliesInPart = false;
  readonly refusals = new Map<string, Refusal>();
  others: readonly OtherRecords[] = [];
  /** Names in each call that wrote, or tried to. */
  readonly calls: number[] = [];
  reads = 0;
  readonly #sets = new Map<string, RecordSet>();
  readonly #limiter: RateLimiter;

  constructor(clock: VirtualClock) {
    this.#limiter = new RateLimiter(clock, LIMITS);
  }

  read(): Promise<Current> {
    this.reads += 1;
    return Promise.resolve({ sets: [...this.#sets.values()], others: this.others });
  }

  async apply(zone: string, changes: readonly Change[], guard: WriteGuard): Promise<void> {
    await this.#limiter.awaitWrite(zone, guard.superseded ?? guard.abort);
    guard.assertMayWrite();
    this.#limiter.noteWrite(zone);
    this.calls.push(changes.length);
    const desired = changes.flatMap((change) => ('desired' in change ? [change.desired] : []));
    const refusal = desired.map(({ name }) => this.refusals.get(name)).find((each) => each !== undefined);
    if (refusal !== undefined)
      throw new DnsError('one of them is refused', { ...refusal, action: 'Look.', scope: 'names' });
    for (const set of desired) this.#sets.set(set.name, set);
  }

  at(address: string): number {
    return [...this.#sets.values()].filter(({ values }) => values.includes(address)).length;
  }
}

function followingMany(count: number) {
  const clock = new VirtualClock();
  const provider = new StrictProvider(clock);
  const names = Array.from({ length: count }, (_, index) => `host-${index}.${ZONE}`);
  const zone = followedZone(ZONE, names, { provider, clock, owned: ['A'] });
  const follow = (address: string) =>
    zone.follow(names.map((name) => ({ name, type: 'A', ttl: 60, values: [address] }))).then(
      () => undefined,
      (error: unknown) => error,
    );
  /** While virtual time goes by, for the rate limit. */
  const followToTheEnd = async (address: string) => {
    let isDone = false;
    const following = follow(address).finally(() => {
      isDone = true;
    });
    for (let step = 0; step < 100 && !isDone; step += 1) await clock.advance(1_000);
    return await following;
  };
  return { clock, provider, names, follow, followToTheEnd, zone };
}

for (const kind of ['refused', 'conflict', 'config'] as const) {
  test(`one name of a thousand is refused (${kind}): all others are made, and it alone has an error`, async () => {
    const { provider, followToTheEnd, zone } = followingMany(1_000);
    provider.refusals.set(`host-20.${ZONE}`, { kind, code: 'no' });
    const error = await followToTheEnd('192.0.2.2');
    assert.equal(provider.at('192.0.2.2'), 999);
    assert.ok(provider.calls.length <= 21, `${provider.calls.length} calls`);
    assert.deepEqual(zone.failed(), [`host-20.${ZONE}`]);
    assert.ok(error instanceof DnsError && error.kind === kind);
  });
}

test('what was refused is not searched for again, and is tried by itself, seldom', async () => {
  const { provider, followToTheEnd, clock, zone } = followingMany(100);
  provider.refusals.set(`host-20.${ZONE}`, { kind: 'refused', code: 'no' });
  await followToTheEnd('192.0.2.2');
  provider.calls.length = 0;
  for (let minute = 0; minute < 30; minute += 1) {
    await clock.advance(60_000);
    await followToTheEnd('192.0.2.2');
  }
  assert.ok(provider.calls.length >= 3 && provider.calls.length <= 8, provider.calls.join());
  assert.deepEqual(new Set(provider.calls), new Set([1]));
  provider.refusals.clear();
  for (let minute = 0; minute < 12; minute += 1) {
    await clock.advance(60_000);
    await followToTheEnd('192.0.2.2');
  }
  assert.equal(provider.at('192.0.2.2'), 100);
  assert.deepEqual(zone.failed(), []);
});

test('a name that was refused for a moment, as if a person had to mend it, moves seconds later', async () => {
  const { provider, followToTheEnd, clock } = followingMany(100);
  provider.refusals.set(`host-20.${ZONE}`, { kind: 'config', code: 'AccessDenied', retryAfterMs: 120_000 });
  await followToTheEnd('192.0.2.2');
  provider.refusals.clear();
  await clock.advance(7_000);
  await followToTheEnd('192.0.2.2');
  assert.equal(provider.at('192.0.2.2'), 100);
});

test('at the next move the others go first, in one call', async () => {
  const { provider, followToTheEnd } = followingMany(100);
  provider.refusals.set(`host-20.${ZONE}`, { kind: 'refused', code: 'no' });
  await followToTheEnd('192.0.2.2');
  provider.calls.length = 0;
  await followToTheEnd('192.0.2.3');
  assert.equal(provider.at('192.0.2.3'), 99);
  assert.deepEqual(provider.calls, [99, 1]);
});

test('a newer goal ends the search for what the older one was refused for', async () => {
  const { provider, follow, clock, names } = followingMany(100);
  for (const name of names) provider.refusals.set(name, { kind: 'refused', code: 'no' });
  const first = follow('192.0.2.2');
  await clock.advance(1_000);
  const before = provider.calls.length;
  assert.ok(before > 2);
  provider.refusals.clear();
  const second = follow('192.0.2.3');
  await settle();
  await clock.advance(10_000);
  await Promise.all([first, second]);
  assert.equal(provider.at('192.0.2.3'), 100);
  assert.equal(provider.at('192.0.2.2'), 0);
  assert.ok(provider.reads <= 2 + before, `${provider.reads} reads`);
});

test('all are refused: a bounded search, which goes on, and nobody is asked without end', async () => {
  const { provider, followToTheEnd, names, zone } = followingMany(50);
  for (const name of names) provider.refusals.set(name, { kind: 'refused', code: 'no' });
  await followToTheEnd('192.0.2.2');
  assert.ok(provider.calls.length <= 20, `${provider.calls.length} calls`);
  assert.equal(zone.failed().length, 50);
});

describe('each name that does not follow has its own error', () => {
  test('of the zone as it was read, and of the write', async () => {
    const { provider, followToTheEnd, zone } = followingMany(10);
    provider.others = [{ name: `host-1.${ZONE}`, type: 'NS' }];
    provider.refusals.set(`host-2.${ZONE}`, { kind: 'refused', code: 'no' });
    provider.refusals.set(`host-3.${ZONE}`, { kind: 'conflict', code: 'changed' });
    await followToTheEnd('192.0.2.2');
    assert.deepEqual(
      zone.errors().map(({ name, code }) => [name, code]),
      [
        [`host-1.${ZONE}`, 'delegated'],
        [`host-2.${ZONE}`, 'no'],
        [`host-3.${ZONE}`, 'changed'],
      ],
    );
    assert.equal(provider.at('192.0.2.2'), 7);
  });

  test('each with its own advice', async () => {
    const { provider, followToTheEnd, zone } = followingMany(3);
    provider.others = [1, 2].map((index) => ({ name: `host-${index}.${ZONE}`, type: 'NS' }));
    await followToTheEnd('192.0.2.2');
    for (const { name, action } of zone.errors()) assert.ok(action.includes(`${name}@${name} `), action);
    assert.equal(zone.errors().length, 2);
  });

  test('they stay while the write of the others fails for a reason of the zone', async () => {
    const { provider, follow, zone } = followingMany(3);
    provider.others = [{ name: `host-1.${ZONE}`, type: 'NS' }];
    provider.apply = () =>
      Promise.reject(new DnsError('down', { kind: 'retry', code: '503', action: 'Wait.' }));
    await follow('192.0.2.2');
    assert.deepEqual(
      zone.errors().map(({ code }) => code),
      ['503', 'delegated', '503'],
    );
  });
});

describe('an answer that says nothing, time and again', () => {
  /** How many of ten names have moved in the end. */
  async function moved(appliesInPart: boolean): Promise<number> {
    const { provider, followToTheEnd, clock } = followingMany(10);
    const apply = provider.apply.bind(provider);
    provider.appliesInPart = appliesInPart;
    provider.refusals.set(`host-2.${ZONE}`, { kind: 'retry', code: '500' });
    provider.apply = (...call) =>
      apply(...call).catch(() => {
        throw new DnsError('internal error', { kind: 'retry', code: '500', action: 'Wait.' });
      });
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await followToTheEnd('192.0.2.2');
      await clock.advance(60_000);
    }
    return provider.at('192.0.2.2');
  }

  test('may be about one of the names where changes are made in part', async () => {
    assert.equal(await moved(true), 9);
  });

  test('leaves all names of one site together where a call is made as a whole', async () => {
    assert.equal(await moved(false), 0);
  });
});
