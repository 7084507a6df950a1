import { type Clock, timestamp } from '../../../runtime/clock.ts';
import { isForWantOfCalls } from '../../calls/call-limiter.ts';
import type { CallPurpose } from '../../calls/call-shares.ts';
import { FreshReads } from '../../calls/fresh-reads.ts';
import { RateLimiter, type RateLimits } from '../../calls/rate-limiter.ts';
import { readBack } from '../../calls/read-back.ts';
import { notSaved } from '../../errors.ts';
import { DnsError, type DnsProvider, type WriteGuard } from '../../provider.ts';
import { currentOf } from '../../records/record-sets.ts';
import type { Change, Current, WrittenType, ZoneQuery } from '../../records.ts';
import type { SnapshotStore } from '../../zones/snapshots.ts';
import type { ZoneLocks } from '../../zones/zone-locks.ts';
import type { Host, HostList, NamecheapApi } from './api.ts';
import { assertAllShown, assertCanBeSentBack, assertHarmless } from './guard.ts';
import {
  assertServed,
  compareZones,
  mergeHosts,
  otherRecords,
  recordSets,
  sameHosts,
  sendable,
  type ZoneContent,
} from './records.ts';

export interface NamecheapPorts {
  readonly api: NamecheapApi;
  readonly clock: Clock;
  readonly snapshots: SnapshotStore;
  readonly locks: ZoneLocks;
}

interface ReadList {
  /** Of the lock, as it was before the read. */
  readonly releases: number;
  readonly list: HostList;
}

/**
 * What clients of this API allow themselves per key; the published limits are 50 a minute, 700 an hour and 8000 a day,
 * and they are shared with every other program that uses the key.
 */
const LIMITS: RateLimits = {
  provider: 'Namecheap',
  windows: [
    { ms: 60_000, calls: 20 },
    { ms: 3_600_000, calls: 300 },
  ],
  idleShare: 2 / 5,
  // A zone is read, at first counted, written, and read back.
  moveCalls: 4,
  // The second is for a move that takes another one back at once: it must not wait.
  writes: { ms: 20_000, calls: 2 },
};
/** 8640 reads a day would be above the daily limit, so drift is not checked every ten seconds. */
const DRIFT_MS = 10 * 60_000;
/** A record that the API does not show is noticed by its count alone, and has to be known before the next move. */
const RECOUNT_MS = 60 * 60_000;
/** After a write the API may still show the old zone for a moment. */
const READ_BACK_AFTER_MS = [0, 2_000, 4_000];

/**
 * Namecheap replaces the whole zone with each write and has no compare-and-set. So: read, check, merge, guard, keep
 * a snapshot, write, read back. Other record sets of this process may be in the same zone, so all that is done under its lock.
 */
export class NamecheapProvider implements DnsProvider {
  readonly name = 'namecheap';
  readonly driftMs = DRIFT_MS;
  readonly #api: NamecheapApi;
  readonly #clock: Clock;
  readonly #snapshots: SnapshotStore;
  readonly #locks: ZoneLocks;
  readonly #limiter: RateLimiter;
  readonly #fresh: FreshReads<ReadList>;
  /** Host counts that a cross-check or a read-back has shown to be complete, with when the registrar was asked. */
  readonly #verified = new Map<string, { readonly count: number; readonly at: number }>();
  /** Zones of which a read has found less than the registrar counts. */
  readonly #short = new Set<string>();

  constructor({ api, clock, snapshots, locks }: NamecheapPorts) {
    this.#api = api;
    this.#clock = clock;
    this.#snapshots = snapshots;
    this.#locks = locks;
    this.#limiter = new RateLimiter(clock, LIMITS);
    this.#fresh = new FreshReads(clock);
  }

  async read(query: ZoneQuery): Promise<Current> {
    const { zone, purpose = 'first', abort } = query;
    const { hosts } = await this.#getHosts(zone, abort, purpose);
    await this.#recount(zone, hosts, purpose, abort);
    return currentOf(recordSets(zone, hosts), otherRecords(zone, hosts), query);
  }

  async apply(zone: string, changes: readonly Change<WrittenType>[], guard: WriteGuard): Promise<void> {
    const { abort } = guard;
    await this.#limiter.awaitWrite(zone, guard.superseded ?? abort);
    await this.#locks.withLock(zone, abort, () => this.#replace(zone, changes, guard));
  }

  async #replace(zone: string, changes: readonly Change<WrittenType>[], guard: WriteGuard): Promise<void> {
    const { abort } = guard;
    const { hosts, emailType } = this.#takeFresh(zone) ?? (await this.#getHosts(zone, abort, 'write'));
    assertCanBeSentBack(zone, { hosts, emailType }, await this.#count(zone, hosts.length, abort));
    const merged = mergeHosts(zone, hosts, changes);
    assertHarmless(zone, hosts, merged, changes);
    if (sameHosts(hosts, merged)) return;
    const takenAt = timestamp(this.#clock);
    await this.#snapshots.save(zone, JSON.stringify({ zone, takenAt, emailType, hosts }), abort);
    const sent = merged.map(sendable);
    await this.#limiter.call(abort, 'write', () => {
      guard.assertMayWrite();
      this.#limiter.noteWrite(zone);
      return this.#api.setHosts(zone, sent, emailType, abort);
    });
    await this.#readBack(zone, hosts, { hosts: sent, emailType }, changes, abort);
  }

  async #getHosts(zone: string, abort: AbortSignal, purpose: CallPurpose): Promise<HostList> {
    this.#fresh.forget(zone);
    const releases = this.#locks.releases(zone);
    const list = await this.#limiter.call(abort, purpose, () => this.#api.getHosts(zone, abort));
    assertServed(zone, list);
    this.#fresh.note(zone, [], { releases, list });
    return list;
  }

  /** The list that the plan was made from, once, if it is recent enough. */
  #takeFresh(zone: string): HostList | undefined {
    const read = this.#fresh.take(zone, []);
    return read?.releases === this.#locks.releases(zone) ? read.list : undefined;
  }

  async #recount(
    zone: string,
    hosts: readonly Host[],
    purpose: CallPurpose,
    abort: AbortSignal,
  ): Promise<void> {
    const now = this.#clock.elapsed();
    const known = this.#verified.get(zone);
    // A move does not wait for it: its write asks where the list has become shorter.
    const isDue = purpose !== 'move' && known !== undefined && now - known.at >= RECOUNT_MS;
    if (!isDue && !this.#short.has(zone)) return;
    const owed = purpose === 'move' ? 'write' : purpose;
    let counted: number | undefined;
    try {
      counted = await this.#limiter.call(abort, owed, () => this.#api.countHosts(zone, abort));
    } catch (error) {
      if (!(error instanceof DnsError)) throw error;
      if (isForWantOfCalls(error)) return;
      // Only a write has to know; an account that may not ask is not to ask at each read.
      if (known !== undefined) this.#verified.set(zone, { ...known, at: now });
      return;
    }
    this.#verified.delete(zone);
    this.#short.add(zone);
    assertAllShown(zone, hosts, counted);
    this.#short.delete(zone);
    this.#verified.set(zone, { count: hosts.length, at: now });
  }

  /** Asked only when the list may be short: at the first write, and when it has lost records since the last one. */
  async #count(zone: string, shown: number, abort: AbortSignal): Promise<number | undefined> {
    if (shown > 0 && shown >= (this.#verified.get(zone)?.count ?? Number.POSITIVE_INFINITY)) return undefined;
    try {
      const counted = await this.#limiter.call(abort, 'write', () => this.#api.countHosts(zone, abort));
      if (counted !== undefined && shown >= counted)
        this.#verified.set(zone, { count: shown, at: this.#clock.elapsed() });
      return counted;
    } catch (error) {
      // An account that may not ask for this still follows: the list itself was whole. An empty one needs the count.
      if (shown > 0 && error instanceof DnsError && error.kind === 'config') return undefined;
      throw error;
    }
  }

  async #readBack(
    zone: string,
    before: readonly Host[],
    sent: ZoneContent,
    changes: readonly Change<WrittenType>[],
    abort: AbortSignal,
  ): Promise<void> {
    const missing = await readBack({ clock: this.#clock, delaysMs: READ_BACK_AFTER_MS, abort }, async () => {
      const shown = await this.#getHosts(zone, abort, 'write');
      const differences = compareZones(zone, sent, shown, changes);
      const { at = this.#clock.elapsed() } = this.#verified.get(zone) ?? {};
      if (differences.length === 0) this.#verified.set(zone, { count: shown.hosts.length, at });
      else if (!sameHosts(shown.hosts, before)) throw overtaken(zone, differences);
      return differences;
    });
    if (missing.length === 0) return;
    throw notSaved(
      `Namecheap accepted the records of ${zone} but still shows the old ones`,
      'The write is repeated; if this lasts, look at the zone in the Namecheap panel.',
    );
  }
}

function overtaken(zone: string, differences: readonly string[]): DnsError {
  const more = differences.length > 5 ? `, and ${differences.length - 5} more` : '';
  return new DnsError(`after the write ${zone} ${differences.slice(0, 5).join(', ')}${more}`, {
    kind: 'conflict',
    code: 'read-back',
    scope: 'zone',
    action:
      'Find who else writes this zone at the same time (an ACME client?). The zone as it was before the write is kept in the ConfigMap of its snapshots.',
  });
}
