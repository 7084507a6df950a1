/** Two clusters that cannot see each other, and one zone. */
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { Claims } from '../../../dns/claims/claims.ts';
import { assertPlannedFor, subjectOf } from '../../../dns/planned.ts';
import { DnsError, type DnsProvider, type WriteGuard } from '../../../dns/provider.ts';
import type { Change, Current, RecordSet, WrittenType } from '../../../dns/records.ts';
import { parseRecords } from '../../../dns/zones.ts';
import type { Leadership } from '../../../kubernetes/leadership.ts';
import type { Site } from '../../../settings/site.ts';
import { KeptInMemory } from '../../../test/support/dns/kept-in-memory.ts';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import type { PublishedStatus } from '../signal.ts';
import { DnsSignal } from './index.ts';

const EAST = { name: 'us', nodeNames: [], cluster: 'east', ip: '192.0.2.1' };
const WEST = { name: 'eu', nodeNames: [], cluster: 'west', ip: '192.0.2.2' };

/** The zone that both of them write; keeps no conditions, as many providers do. */
class SharedZone {
  sets: readonly RecordSet<WrittenType>[] = [];
  readonly writes: string[] = [];
  onClaim: (who: string) => void = () => undefined;
  /** Requests for records that are on their way for long, though their callers have given up. */
  stuck: (() => void)[] | undefined;

  /** `comparesAndSets`: it is one that makes changes only while all is as they say, and its condition holds. */
  provider(who: string, comparesAndSets = false): DnsProvider {
    return {
      name: 'fake',
      driftMs: 600_000,
      read: ({ names, texts = [] }) => {
        const of = (listed: readonly string[]) => this.sets.filter(({ name }) => listed.includes(name));
        const current: Current = {
          sets: of(names).filter((set): set is RecordSet => set.type !== 'TXT'),
          others: [],
          texts: of(texts).filter((set): set is RecordSet<'TXT'> => set.type === 'TXT'),
        };
        return Promise.resolve(current);
      },
      apply: (_zone, changes, guard: WriteGuard) => {
        guard.assertMayWrite();
        const apply = () => {
          const { condition } = guard;
          const unchanged =
            condition === undefined
              ? []
              : [{ action: 'update', current: condition, desired: condition } as const];
          if (comparesAndSets)
            for (const change of [...changes, ...unchanged]) assertPlannedFor(this.#there(change), change);
          for (const change of changes) this.#apply(change, who);
        };
        if (this.stuck === undefined || changes.every((change) => subjectOf(change).type === 'TXT'))
          return Promise.resolve().then(apply);
        this.stuck.push(apply);
        return Promise.reject(new DnsError('no answer', { kind: 'retry', action: 'Nothing.' }));
      },
    };
  }

  #there(change: Change<WrittenType>): RecordSet<WrittenType> | undefined {
    const { name, type } = subjectOf(change);
    return this.sets.find((set) => set.name === name && set.type === type);
  }

  #apply(change: Change<WrittenType>, who: string): void {
    const { name, type } = change.action === 'create' ? change.desired : change.current;
    this.sets = this.sets.filter((set) => set.name !== name || set.type !== type);
    if (change.action === 'delete') return;
    if (type === 'TXT') this.onClaim(who);
    this.sets = [...this.sets, change.desired];
    this.writes.push(`${who} ${type}`);
  }

  get address(): string | undefined {
    return this.sets.find(({ type }) => type === 'A')?.values[0];
  }

  dropClaim(): void {
    this.sets = this.sets.filter(({ type }) => type !== 'TXT');
  }
}

class Side {
  readonly claims: Claims;
  readonly signal: DnsSignal;
  readonly #own: Site;
  readonly #leadership: Leadership;

  constructor(own: typeof EAST, provider: DnsProvider, clock: VirtualClock) {
    const { signal: abort } = new AbortController();
    this.#own = own;
    this.#leadership = { term: 1, abort, isLeader: () => true, confirm: () => Promise.resolve(1) };
    this.claims = new Claims({
      owner: own.cluster,
      site: own.name,
      follower: 'default',
      memory: undefined,
      onChange: () => undefined,
      onRival: () => undefined,
      remember: () => Promise.resolve(),
      elapsed: () => clock.elapsed(),
    });
    this.signal = new DnsSignal({
      name: 'dns',
      provider,
      records: parseRecords(['app.example.com']).records,
      sites: [EAST, WEST],
      ownSite: own,
      claims: this.claims,
      ttl: 60,
      clock,
      random: () => 0.5,
      kept: new KeptInMemory([]).open(),
      lookup: () => Promise.resolve([]),
      observer: {
        onStatuses: () => undefined,
        onFailure: () => undefined,
        onRecovered: () => undefined,
        onUnfollowed: () => undefined,
      },
    });
  }

  apply(site: Site): Promise<void> {
    return this.signal.apply(
      { follower: 'default', site, status: { epoch: 7 } } as PublishedStatus,
      this.#leadership,
    );
  }

  /** As the primary of its topology. */
  async lead(timeline: number): Promise<void> {
    this.claims.lead({ cluster: '', timeline, instance: `on ${timeline}`, demotedAt: '' });
    await this.claims.remember();
    await this.apply(this.#own);
  }
}

let clock: VirtualClock;
let zone: SharedZone;
let east: Side;
let west: Side;

beforeEach(() => {
  clock = new VirtualClock();
  zone = new SharedZone();
  east = new Side(EAST, zone.provider('east'), clock);
  west = new Side(WEST, zone.provider('west'), clock);
});

describe('the zone of two clusters', () => {
  test('gets the claim first, and a new one before each move', async () => {
    await east.lead(1);
    await west.lead(2);
    assert.deepEqual(zone.writes, ['east TXT', 'east A', 'west TXT', 'west A']);
    assert.equal(zone.address, WEST.ip);
    assert.deepEqual(zone.sets.find(({ type }) => type === 'TXT')?.values, [
      'v=site-follower1; owner=west; site=eu; timeline=2; epoch=7',
    ]);
  });

  test('is not touched by one that was lost and has come back', async () => {
    await east.lead(1);
    await west.lead(2);
    await clock.advance(east.signal.resyncMs);
    await assert.rejects(east.lead(1), { code: 'claimed', kind: 'refused' });
    assert.equal(zone.address, WEST.ip);
    assert.equal(east.claims.rival?.owner, 'west');
  });

  test('is written as soon as the timeline of a promotion is reported', async () => {
    await east.lead(1);
    west.claims.standBy({ cluster: '', timeline: 1, instance: '', demotedAt: '' }, true);
    await assert.rejects(west.lead(1), { code: 'timeline', kind: 'retry' });
    const stop = new AbortController();
    let wakes = 0;
    const watching = west.signal.watch(() => {
      wakes += 1;
    }, stop.signal);
    west.claims.lead({ cluster: '', timeline: 2, instance: '', demotedAt: '' });
    assert.equal(wakes, 0, 'the next leader does not know of it yet');
    await assert.rejects(west.apply(WEST), /stands by/);
    await west.claims.remember();
    assert.equal(wakes, 1);
    await west.apply(WEST);
    assert.equal(zone.address, WEST.ip);
    stop.abort();
    await watching;
  });

  test('is not changed by a request that arrives late, where the provider compares before it sets', async () => {
    east = new Side(EAST, zone.provider('east', true), clock);
    west = new Side(WEST, zone.provider('west', true), clock);
    await east.lead(1);
    zone.stuck = [];
    await assert.rejects(west.lead(2), /no answer/);
    const [late = assert.fail('nothing is on its way')] = zone.stuck.splice(0);
    zone.stuck = undefined;
    east.claims.standBy({ cluster: '', timeline: 2, instance: '', demotedAt: '' }, true);
    await east.apply(WEST);
    await east.lead(3);
    assert.throws(late, { kind: 'conflict' });
    assert.equal(zone.address, EAST.ip, 'as it was when that request was made');
  });

  test('gets no records of one that is demoted while it writes', async () => {
    await east.lead(1);
    zone.onClaim = () =>
      west.claims.standBy({ cluster: '', timeline: 2, instance: '', demotedAt: 'now' }, true);
    await assert.rejects(west.lead(2), /stands by/);
    assert.deepEqual(zone.writes, ['east TXT', 'east A', 'west TXT']);
  });

  test('is read within half a minute, however seldom the provider may be asked', () => {
    assert.equal(east.signal.resyncMs, 30_000);
  });

  test('is free when somebody has removed the claim of a cluster that is gone', async () => {
    await east.lead(1);
    await west.lead(2);
    await clock.advance(east.signal.resyncMs);
    await assert.rejects(east.lead(1));
    await east.apply(WEST);
    assert.equal(east.claims.rival?.owner, 'west');
    zone.dropClaim();
    await east.apply(WEST);
    assert.equal(east.claims.rival, undefined);
    await east.lead(1);
    assert.equal(zone.address, EAST.ip);
  });
});
