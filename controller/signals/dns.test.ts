import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ServerAnswer } from '../../dns/authoritative.ts';
import { DnsError, type DnsProvider, type WriteGuard } from '../../dns/provider.ts';
import type { RecordStatus } from '../../dns/record-status.ts';
import type { Change, Current, RecordSet, ZoneQuery } from '../../dns/records.ts';
import { parseRecords } from '../../dns/zones.ts';
import type { Leadership } from '../../kubernetes/leadership.ts';
import { KeptInMemory } from '../../test/support/dns/kept-in-memory.ts';
import { settle, VirtualClock } from '../../test/support/virtual-clock.ts';
import type { PublishedStatus } from '../state.ts';
import { DnsSignal } from './dns.ts';

const EAST = { name: 'east', nodeNames: ['e'], ip: '192.0.2.1' };
const WEST = { name: 'west', nodeNames: ['w'], ip: '192.0.2.2' };
const DRIFT_MS = 600_000;

/** Keeps zones in memory; `before` may wait or throw. */
class FakeProvider implements DnsProvider {
  readonly name = 'fake';
  readonly driftMs = DRIFT_MS;
  readonly zones = new Map<string, readonly RecordSet[]>();
  readonly calls: string[] = [];
  before: (call: string) => Promise<void> | undefined = () => undefined;
  beforeWrite: (zone: string) => Promise<void> | undefined = () => undefined;

  nested: readonly string[] = [];

  beforeList: (zone: string) => Promise<void> | undefined = () => undefined;

  async zonesWithin(zone: string): Promise<readonly string[]> {
    await this.beforeList(zone);
    return this.nested;
  }

  async read({ zone }: ZoneQuery): Promise<Current> {
    await this.#enter(`read ${zone}`);
    return { sets: this.zones.get(zone) ?? [], others: [] };
  }

  async apply(zone: string, changes: readonly Change[], guard: WriteGuard): Promise<void> {
    await this.#enter(`apply ${zone}`);
    guard.assertMayWrite();
    const wanted = changes.flatMap((change) => ('desired' in change ? [change.desired] : []));
    this.calls.push(`write ${zone} ${wanted.map(({ values }) => values.join()).join(' ')}`);
    this.zones.set(zone, wanted);
    await this.beforeWrite(zone);
  }

  async #enter(call: string): Promise<void> {
    this.calls.push(call);
    await this.before(call);
  }

  get writes(): string[] {
    return this.calls.filter((call) => call.startsWith('write'));
  }
}

class World {
  readonly clock = new VirtualClock();
  readonly provider = new FakeProvider();
  readonly signal: DnsSignal;
  statuses: readonly RecordStatus[] = [];
  readonly reported: string[] = [];
  unfollowed: readonly string[] = [];
  wakes = 0;
  held = true;
  answers: readonly ServerAnswer[] = [];
  lookups = 0;
  #leading = new AbortController();
  leadership = this.#lead();

  constructor(records = ['app.example.com', 'app.example.net'], ownSite?: typeof EAST) {
    this.signal = new DnsSignal({
      name: 'dns',
      provider: this.provider,
      records: parseRecords(records).records,
      sites: [EAST, WEST],
      ...(ownSite !== undefined && { ownSite }),
      ttl: 60,
      clock: this.clock,
      random: () => 0.5,
      kept: new KeptInMemory(records).open(),
      lookup: () => {
        this.lookups += 1;
        return Promise.resolve(this.answers);
      },
      observer: {
        onStatuses: (statuses) => {
          this.statuses = statuses;
        },
        onFailure: (zone, error) => this.reported.push(`failed ${zone}: ${String(error)}`),
        onRecovered: (zone) => this.reported.push(`recovered ${zone}`),
        onUnfollowed: (_zone, sets) => {
          this.unfollowed = sets.map(({ name, type }) => `${name} ${type}`);
        },
      },
    });
    this.watch();
  }

  watch(): void {
    void this.signal.watch(() => {
      this.wakes += 1;
    }, this.leadership.abort);
  }

  #lead(): Leadership {
    this.#leading = new AbortController();
    const { signal: abort } = this.#leading;
    return { term: 1, abort, isLeader: () => this.held && !abort.aborted, confirm: () => Promise.resolve(1) };
  }

  /** Another replica led meanwhile. */
  loseAndRegain(): void {
    this.stop();
    this.leadership = this.#lead();
    this.watch();
  }

  stop(): void {
    this.#leading.abort(new Error('leadership lost'));
  }

  apply(site: PublishedStatus['site']): Promise<void> {
    const status = { epoch: 1 };
    return this.signal.apply({ follower: 'default', site, status } as PublishedStatus, this.leadership);
  }

  row(name: string): RecordStatus {
    const row = this.statuses.find((one) => one.name === name);
    assert.ok(row);
    return row;
  }
}

const retry = (retryAfterMs?: number) =>
  new DnsError('the provider says no', {
    kind: 'retry',
    code: '42',
    action: 'Wait.',
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });

describe('what is asked of the provider', () => {
  test('no active site: nothing', async () => {
    const world = new World();
    await world.apply(undefined);
    assert.deepEqual(world.provider.calls, []);
  });

  test('a zone is read once and written only when it differs', async () => {
    const world = new World(['app.example.com']);
    await world.apply(EAST);
    await world.apply(EAST);
    await world.apply(WEST);
    assert.deepEqual(world.provider.calls, [
      'read example.com',
      'apply example.com',
      'write example.com 192.0.2.1',
      'read example.com',
      'apply example.com',
      'write example.com 192.0.2.2',
    ]);
  });

  test('a zone that comes to be below another one gets its names', async () => {
    const world = new World(['app.dev.example.com', 'www.example.com']);
    await world.apply(EAST);
    world.provider.nested = ['example.com', 'dev.example.com'];
    await world.clock.advance(601_000);
    world.provider.calls.length = 0;
    await world.apply(WEST);
    assert.deepEqual(
      world.provider.writes,
      ['write example.com 192.0.2.2', 'write dev.example.com 192.0.2.2'].toSorted(),
    );
    assert.equal(world.row('app.dev.example.com').zone, 'dev.example.com');
    assert.deepEqual(world.row('app.dev.example.com').accepted?.values, [WEST.ip]);
    assert.equal(world.statuses.length, 2);
  });

  test('drift is checked at the provider’s pace, whatever else changes', async () => {
    const world = new World(['app.example.com']);
    await world.apply(EAST);
    await world.clock.advance(45_000);
    await world.apply(EAST);
    world.provider.calls.length = 0;
    for (let at = 0; at < 250_000; at += 10_000) {
      await world.clock.advance(10_000);
      await world.apply(EAST);
    }
    assert.deepEqual(world.provider.calls, []);
    world.provider.zones.set('example.com', []);
    await world.clock.advance(DRIFT_MS * 0.8);
    await world.apply(EAST);
    assert.deepEqual(world.provider.writes, ['write example.com 192.0.2.1']);
  });

  test('45 s after a change of leader the zone is read again, once', async () => {
    const world = new World(['app.example.com']);
    await world.apply(EAST);
    world.loseAndRegain();
    await world.apply(EAST);
    // The last call of the stopped predecessor arrives.
    world.provider.zones.set('example.com', [
      { name: 'app.example.com', type: 'A', ttl: 60, values: [WEST.ip] },
    ]);
    await world.apply(EAST);
    assert.equal(world.provider.writes.length, 1);
    await world.clock.advance(45_000);
    assert.equal(world.wakes, 1);
    await world.apply(EAST);
    await world.apply(EAST);
    assert.equal(world.provider.writes.length, 2);
    assert.equal(world.provider.calls.filter((call) => call.startsWith('read')).length, 3);
  });

  test('after a write whose answer did not come the zone is read again', async () => {
    const world = new World(['app.example.com']);
    await world.apply(EAST);
    await world.clock.advance(45_000);
    await world.apply(EAST);
    world.provider.beforeWrite = () => Promise.reject(retry());
    await assert.rejects(world.apply(WEST));
    world.provider.beforeWrite = () => undefined;
    await world.apply(WEST);
    const before = world.wakes;
    await world.clock.advance(45_000);
    assert.ok(world.wakes > before);
    world.provider.calls.length = 0;
    await world.apply(WEST);
    assert.deepEqual(world.provider.calls, ['read example.com']);
  });
});

test('an AAAA beside IPv4-only sites stays, and is reported until it is gone', async () => {
  const world = new World(['app.example.com', 'www.example.com']);
  const aaaa = { name: 'app.example.com', type: 'AAAA', ttl: 60, values: ['2001:db8::5'] } as const;
  world.provider.zones.set('example.com', [aaaa]);
  await world.apply(EAST);
  assert.deepEqual(world.unfollowed, ['app.example.com AAAA']);
  assert.deepEqual(world.row('app.example.com').unfollowed, ['AAAA 2001:db8::5']);
  assert.equal(world.row('www.example.com').unfollowed, undefined);
  world.provider.zones.set('example.com', []);
  await world.apply(WEST);
  assert.deepEqual(world.unfollowed, []);
  assert.equal(world.row('app.example.com').unfollowed, undefined);
});

describe('who may write', () => {
  test('not whose Lease has run out', async () => {
    const world = new World(['app.example.com']);
    world.provider.before = (call) => {
      if (call.startsWith('apply')) world.held = false;
      return undefined;
    };
    await assert.rejects(world.apply(EAST), { name: 'SupersededError' });
    assert.deepEqual(world.provider.writes, []);
    assert.deepEqual(world.reported, []);
  });

  test('not for a site that is no longer active; the newest one is written instead', async () => {
    const world = new World(['app.example.com']);
    const gate = Promise.withResolvers<void>();
    world.provider.before = (call) => (call.startsWith('apply') ? gate.promise : undefined);
    const first = world.apply(EAST);
    await settle();
    const second = world.apply(WEST);
    gate.resolve();
    await Promise.all([first, second]);
    assert.deepEqual(world.provider.writes, ['write example.com 192.0.2.2']);
  });

  test('never two at once in one zone', async () => {
    const world = new World(['app.example.com']);
    let inside = 0;
    let most = 0;
    world.provider.before = async () => {
      inside += 1;
      most = Math.max(most, inside);
      await settle();
      inside -= 1;
    };
    await Promise.all([EAST, WEST, EAST, WEST].map((site) => world.apply(site)));
    assert.equal(most, 1);
    assert.equal(world.provider.zones.get('example.com')?.[0]?.values[0], WEST.ip);
  });
});

describe('a failing zone', () => {
  test('holds up no other one, and is reported', async () => {
    const world = new World();
    world.provider.before = (call) => (call.endsWith('.com') ? Promise.reject(retry()) : undefined);
    await assert.rejects(world.apply(EAST), { message: 'the provider says no' });
    assert.deepEqual(world.provider.writes, ['write example.net 192.0.2.1']);
    const { error } = world.row('app.example.com');
    assert.deepEqual(error, {
      text: 'the provider says no',
      code: '42',
      kind: 'retry',
      action: 'Wait.',
      since: '2026-01-01T00:00:00.000Z',
    });
    assert.equal(world.row('app.example.net').error, undefined);
    world.provider.before = () => undefined;
    await world.apply(EAST);
    assert.equal(world.row('app.example.com').error, undefined);
    assert.deepEqual(world.reported, [
      'failed example.com: DnsError: the provider says no',
      'recovered example.com',
    ]);
  });

  test('that hangs does not keep the next state from the others', async () => {
    const world = new World();
    world.provider.before = (call) => (call.endsWith('.com') ? new Promise(() => undefined) : undefined);
    const first = assert.rejects(world.apply(EAST), {
      name: 'DeadlineError',
      message: /DNS zone example\.com/,
    });
    await world.clock.advance(15_000);
    await first;
    const second = assert.rejects(world.apply(WEST), { name: 'DeadlineError' });
    await world.clock.advance(15_000);
    await second;
    assert.deepEqual(world.provider.writes, ['write example.net 192.0.2.1', 'write example.net 192.0.2.2']);
  });

  test('whose list does not come delays no other one, nor the next state', async () => {
    const world = new World(['app.example.com', 'app.dev.example.net']);
    world.provider.beforeList = (zone) => (zone.endsWith('.net') ? new Promise(() => undefined) : undefined);
    const first = assert.rejects(world.apply(EAST), { code: 'timeout' });
    await settle();
    assert.deepEqual(world.provider.writes, ['write example.com 192.0.2.1']);
    await world.clock.advance(5_000);
    await first;
    const second = assert.rejects(world.apply(WEST), { code: 'timeout' });
    await settle();
    assert.deepEqual(world.provider.writes.slice(1), ['write example.com 192.0.2.2']);
    await world.clock.advance(300);
    await second;
    world.provider.beforeList = () => undefined;
    await world.clock.advance(5_000);
    await world.apply(WEST);
    assert.deepEqual(world.provider.writes.slice(2), ['write example.net 192.0.2.2']);
    assert.equal(world.row('app.dev.example.net').error, undefined);
  });

  test('whose turn has not come for the rate limit is the first at the next attempt', async () => {
    const world = new World(['a', 'b', 'c', 'd', 'e'].map((host) => `app.${host}.com`));
    let left = 0;
    world.provider.before = (call) => {
      if (!call.startsWith('read')) return undefined;
      left -= 1;
      return left < 0 ? Promise.reject(retry()) : undefined;
    };
    for (const count of [2, 4, 5]) {
      left = 2;
      await world.apply(EAST).catch(() => undefined);
      assert.equal(world.provider.zones.size, count);
      // Those that were written are due again, too.
      await world.clock.advance(DRIFT_MS);
    }
  });

  test('is left alone as long as its provider asks for, unless there is something new', async () => {
    const world = new World(['app.example.com']);
    world.provider.before = () => Promise.reject(retry(60_000));
    await assert.rejects(world.apply(EAST));
    await world.clock.advance(59_000);
    await assert.rejects(world.apply(EAST), { retryAfterMs: 1_000 });
    assert.equal(world.provider.calls.length, 1);
    assert.equal(world.reported.length, 1);
    await assert.rejects(world.apply(WEST));
    assert.equal(world.provider.calls.length, 2);
  });

  test('keeps the time of its first failure', async () => {
    const world = new World(['app.example.com']);
    world.provider.before = () => Promise.reject(retry());
    await assert.rejects(world.apply(EAST));
    await world.clock.advance(5_000);
    await assert.rejects(world.apply(EAST));
    assert.equal(world.row('app.example.com').error?.since, '2026-01-01T00:00:00.000Z');
  });

  test('two of them are both named', async () => {
    const world = new World();
    world.provider.before = (call) =>
      Promise.reject(new DnsError(`no ${call}`, { kind: 'retry', action: '' }));
    await assert.rejects(world.apply(EAST), { message: 'no read example.com; no read example.net' });
  });
});

describe('where each site is a Kubernetes cluster', () => {
  test('only that of the active site writes', async () => {
    const world = new World(['app.example.com'], EAST);
    await world.apply(WEST);
    assert.deepEqual(world.provider.calls, []);
    await world.apply(EAST);
    assert.deepEqual(world.provider.writes, ['write example.com 192.0.2.1']);
    await world.apply(WEST);
    await world.clock.advance(601_000);
    assert.equal(world.provider.writes.length, 1);
  });

  test('what was about to be written is not, once another site is active', async () => {
    const world = new World(['app.example.com'], EAST);
    const { promise: read, resolve: answer } = Promise.withResolvers<void>();
    world.provider.before = (call) => (call.startsWith('read') ? read : undefined);
    const writing = world.apply(EAST);
    await settle();
    await world.apply(WEST);
    answer();
    await writing;
    assert.deepEqual(world.provider.writes, []);
  });
});

describe('progress', () => {
  test('wanted, accepted, seen', async () => {
    const world = new World(['app.example.com']);
    world.answers = [
      { server: 'ns1', values: [] },
      { server: 'ns2', values: undefined },
    ];
    await world.apply(EAST);
    await world.clock.advance(0);
    assert.deepEqual(world.row('app.example.com'), {
      zone: 'example.com',
      name: 'app.example.com',
      type: 'A',
      wanted: ['192.0.2.1'],
      accepted: { values: ['192.0.2.1'], at: '2026-01-01T00:00:00.000Z' },
      error: undefined,
      seen: { values: [], servers: ['ns1'], silent: ['ns2'], at: '2026-01-01T00:00:00.000Z' },
    });
    world.answers = ['ns1', 'ns2'].map((server) => ({ server, values: ['192.0.2.1'] }));
    await world.clock.advance(10_000);
    const { seen } = world.row('app.example.com');
    assert.deepEqual(seen?.values, ['192.0.2.1']);
    assert.equal(seen?.at, '2026-01-01T00:00:07.500Z');
  });

  test('while a change is not accepted, the old value is shown as accepted', async () => {
    const world = new World(['app.example.com']);
    await world.apply(EAST);
    world.provider.before = (call) => (call.startsWith('apply') ? Promise.reject(retry()) : undefined);
    await assert.rejects(world.apply(WEST));
    const { wanted, accepted } = world.row('app.example.com');
    assert.deepEqual([wanted, accepted?.values], [['192.0.2.2'], ['192.0.2.1']]);
  });

  test('the name servers are asked less and less often, until all that answer agree', async () => {
    const world = new World(['app.example.com']);
    world.answers = [
      { server: 'ns1', values: ['192.0.2.1'] },
      { server: 'ns2', values: ['192.0.2.9'] },
    ];
    await world.apply(EAST);
    await world.clock.advance(600_000);
    assert.ok(world.lookups > 10 && world.lookups < 20, `${world.lookups} lookups`);
    world.answers = [
      { server: 'ns1', values: ['192.0.2.1'] },
      { server: 'ns2', values: undefined },
    ];
    await world.clock.advance(60_000);
    const after = world.lookups;
    await world.clock.advance(3_600_000);
    assert.equal(world.lookups, after);
  });

  test('asking ends after 90 minutes, and with the leadership', async () => {
    const world = new World(['app.example.com']);
    await world.apply(EAST);
    await world.clock.advance(95 * 60_000);
    const after = world.lookups;
    assert.ok(after > 80, 'silence is no agreement');
    await world.clock.advance(3_600_000);
    assert.equal(world.lookups, after);
    world.stop();
    assert.equal(world.clock.pending, 0);
  });
});
