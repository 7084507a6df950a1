import assert from 'node:assert/strict';
import type { RecordStatus } from '../../../../dns/follower/record-status.ts';
import { DnsError, type DnsProvider, type WriteGuard } from '../../../../dns/provider.ts';
import type { ServerAnswer } from '../../../../dns/records/authoritative.ts';
import type { Change, Current, RecordSet, ZoneQuery } from '../../../../dns/records.ts';
import { parseRecords } from '../../../../dns/zones.ts';
import type { Leadership } from '../../../../kubernetes/leadership.ts';
import { KeptInMemory } from '../../../../test/support/dns/kept-in-memory.ts';
import { VirtualClock } from '../../../../test/support/virtual-clock.ts';
import type { PublishedStatus } from '../../signal.ts';
import { DnsSignal } from '../index.ts';

export const EAST = { name: 'east', nodeNames: ['e'], ip: '192.0.2.1' };
export const WEST = { name: 'west', nodeNames: ['w'], ip: '192.0.2.2' };
export const DRIFT_MS = 600_000;

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

export class World {
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

export const retry = (retryAfterMs?: number) =>
  new DnsError('the provider says no', {
    kind: 'retry',
    code: '42',
    action: 'Wait.',
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
