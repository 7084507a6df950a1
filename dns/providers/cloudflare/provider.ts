import type { Clock } from '../../../runtime/clock.ts';
import { isForWantOfCalls } from '../../calls/call-limiter.ts';
import type { CallPurpose } from '../../calls/call-shares.ts';
import { FreshReads } from '../../calls/fresh-reads.ts';
import { readBack } from '../../calls/read-back.ts';
import { notSaved, zoneError } from '../../errors.ts';
import { setAt } from '../../plan.ts';
import { inParts, isMade, namesOf } from '../../planned.ts';
import { DnsError, type DnsProvider, type WriteGuard } from '../../provider.ts';
import type { AuthoritativeLookup, RecordQuery, ServerAnswer } from '../../records/authoritative.ts';
import { HiddenRecords } from '../../records/hidden-records.ts';
import { ofEach } from '../../records/name-errors.ts';
import { currentOf, isFollowingSet } from '../../records/record-sets.ts';
import { othersAmong } from '../../records/record-types.ts';
import { recordsOfNames } from '../../records/records-of-names.ts';
import type { Change, Current, RecordSet, WrittenType, ZoneQuery } from '../../records.ts';
import { AccountZones, type ZoneLists } from '../../zones/account-zones.ts';
import { namesUpTo } from '../../zones.ts';
import type { CloudflareApi, CloudflareRecord, CloudflareZone } from './api.ts';
import { CONFIG_WAIT_MS } from './errors.ts';
import { FlattenedZones } from './flattened.ts';
import { batchOf, recordSets, weightOf } from './records.ts';

const DRIFT_MS = 5 * 60_000;
/** The API's own limit on the Free plan: developers.cloudflare.com/dns/manage-dns-records/how-to/batch-record-changes. */
const MAX_BATCH = 200;
const READ_BACK_AFTER_MS = [0, 1_000, 3_000];

/** A batch is made whole or not at all by the API; the rest of the zone is not named in it. */
export class CloudflareProvider implements DnsProvider {
  readonly name = 'cloudflare';
  readonly driftMs = DRIFT_MS;
  readonly flattensCname = true;
  readonly #api: CloudflareApi;
  readonly #clock: Clock;
  readonly #account: AccountZones<CloudflareZone>;
  readonly #fresh: FreshReads<readonly CloudflareRecord[]>;
  readonly #hidden = new HiddenRecords('Cloudflare');
  readonly #flattened: FlattenedZones;
  /** The target of each CNAME that the API last showed. */
  readonly #targets = new Map<string, readonly string[]>();

  constructor(api: CloudflareApi, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
    this.#flattened = new FlattenedZones(clock);
    this.#fresh = new FreshReads(clock);
    const lists: ZoneLists<CloudflareZone> = {
      all: (mostPages, abort) => api.allZones(mostPages, abort),
      within: (name, abort) => api.zonesWithin(name, abort),
      named: (name, abort) => api.zones(name, abort),
    };
    this.#account = new AccountZones((zone) => zone, lists, clock);
  }

  async zonesWithin(zone: string, _names: readonly string[], abort: AbortSignal): Promise<readonly string[]> {
    const zones = await this.#account.within(zone, abort, isActive);
    return zones.map(({ name }) => name);
  }

  async read(query: ZoneQuery): Promise<Current> {
    const { zone, names, texts = [], purpose = 'first', abort } = query;
    if (purpose === 'drift') await this.#renew(zone, abort);
    const records = await this.#records(query, purpose);
    this.#fresh.note(zone, [...names, ...texts], records);
    return currentOf(recordSets(records), othersAmong(records), query);
  }

  async apply(zone: string, changes: readonly Change<WrittenType>[], guard: WriteGuard): Promise<void> {
    const { abort } = guard;
    const names = namesOf(changes);
    await this.#api.limiter.awaitWrite(zone, guard.superseded ?? abort);
    const records = this.#fresh.take(zone, names) ?? (await this.#records({ zone, names, abort }, 'write'));
    const parts = inParts(changes, MAX_BATCH, (change) => weightOf(records, change));
    // All are checked before the first one is sent.
    const batches = ofEach(parts, (part) => ({ part, body: batchOf(records, part) }));
    this.#api.limiter.noteWrite(zone);
    for (const { part, body } of batches) {
      await this.#api.batch(await this.#zone(zone, abort), body, () => guard.assertMayWrite(), abort);
      guard.onAccepted?.(part);
    }
    const missing = await readBack({ clock: this.#clock, delaysMs: READ_BACK_AFTER_MS, abort }, async () => {
      const shown = await this.#shownIfFree({ zone, names, abort });
      return shown === undefined ? [] : changes.filter((change) => !isMade(change, shown));
    });
    if (missing.length === 0) return;
    const unmade = namesOf(missing);
    throw notSaved(
      `Cloudflare accepted the change of ${unmade.join(', ')} but does not show it`,
      'It is tried again; if this lasts, look at the zone in the Cloudflare dashboard.',
      unmade,
    );
  }

  /** The name servers answer for a proxied name with Cloudflare's own addresses, and for a flattened one with those of its target. */
  async lookup(query: RecordQuery, ask: AuthoritativeLookup): Promise<readonly ServerAnswer[]> {
    const { name, type } = query;
    const hidden = this.#hidden.answer(name, type);
    if (hidden !== undefined) return hidden;
    const target = this.#targets.get(name);
    if (type !== 'CNAME' || target === undefined) return ask(query);
    return this.#flattened.lookup(query, target, ask);
  }

  /** A zone that has moved to another account takes changes as before, though nobody asks it any more. */
  async #renew(zone: string, abort: AbortSignal): Promise<void> {
    try {
      await this.#account.renew(zone, abort, isActive);
    } catch (error) {
      // Without a new list the zone counts as it is known; what else is wrong is told by the records.
      if (!(error instanceof DnsError)) throw error;
    }
  }

  /** Undefined if no call is left for that: the next look for differences will see it. */
  async #shownIfFree(query: ZoneQuery): Promise<readonly RecordSet<WrittenType>[] | undefined> {
    try {
      return recordSets(await this.#records(query, 'check'));
    } catch (error) {
      if (isForWantOfCalls(error)) return undefined;
      throw error;
    }
  }

  async #records(
    { zone, names, texts = [], abort }: ZoneQuery,
    purpose: CallPurpose,
  ): Promise<readonly CloudflareRecord[]> {
    try {
      const found = await this.#zone(zone, abort);
      const asked = new Set([...names, ...names.flatMap((name) => namesUpTo(zone, name)), ...texts]);
      const records = await recordsOfNames(asked, ({ name }: CloudflareRecord) => name, {
        ofName: (name) => this.#api.records(found, name, abort, purpose),
        ofZone: (mostPages) => this.#api.zoneRecords(found, mostPages, abort, purpose),
      });
      this.#noteShown(zone, names, records);
      return records;
    } catch (error) {
      // It may have been removed and created again, under another id.
      if (error instanceof DnsError && error.kind === 'config') this.#account.forget(zone);
      throw error;
    }
  }

  #noteShown(zone: string, names: readonly string[], records: readonly CloudflareRecord[]): void {
    const byName = Map.groupBy(records, ({ name }) => name);
    const sets = recordSets(records).filter(isFollowingSet);
    this.#hidden.note(names, sets, (name) => {
      const own = byName.get(name) ?? [];
      if (own.some(({ proxied }) => proxied)) return 'proxied';
      const cname = own.find(({ type }) => type === 'CNAME');
      const isFlattened = cname !== undefined && (name === zone || cname.settings?.flatten_cname === true);
      return isFlattened ? 'flattened' : undefined;
    });
    for (const name of names) {
      const cname = setAt(sets, { name, type: 'CNAME' });
      if (cname === undefined) this.#targets.delete(name);
      else this.#targets.set(name, cname.values);
    }
  }

  #zone(name: string, abort: AbortSignal): Promise<CloudflareZone> {
    return this.#account.inUse(name, () => this.#find(name, abort));
  }

  async #find(name: string, abort: AbortSignal): Promise<CloudflareZone> {
    const found = await this.#account.named(name, abort);
    const active = found.filter(isActive);
    const [zone] = active;
    if (zone === undefined) {
      const [other] = found;
      throw zoneError(
        other === undefined
          ? `the token sees no zone ${name} at Cloudflare`
          : `the zone ${name} is ${other.status} at Cloudflare, so nobody is asking it`,
        other === undefined
          ? 'Give the token Zone:Read and DNS:Edit for this zone; name@zone in the records states another zone.'
          : 'Finish the setup of the zone in the Cloudflare dashboard.',
        CONFIG_WAIT_MS,
      );
    }
    if (active.length > 1) {
      throw zoneError(
        `the token sees ${active.length} active zones ${name}, in different accounts`,
        'Use a token that is limited to the right one.',
        CONFIG_WAIT_MS,
      );
    }
    return zone;
  }
}

function isActive({ status }: CloudflareZone): boolean {
  return status === 'active';
}
