import { type Clock, sleep } from '../../runtime/clock.ts';
import type { AuthoritativeLookup, ServerAnswer } from '../authoritative.ts';
import { HiddenRecords } from '../hidden-records.ts';
import { ofEach } from '../name-errors.ts';
import { namesUpTo } from '../obstacles.ts';
import { inParts, isMade, subjectOf } from '../planned.ts';
import { DnsError, type DnsProvider, NOT_SAVED, type WriteGuard } from '../provider.ts';
import { currentOf, isFollowingSet } from '../record-sets.ts';
import { othersAmong } from '../record-types.ts';
import type { Change, Current, RecordType, WrittenType } from '../records.ts';
import type { CloudflareApi, CloudflareRecord, CloudflareZone } from './api.ts';
import { batchOf, recordSets, weightOf } from './batch.ts';
import { zoneError } from './errors.ts';
import { FlattenedZones } from './flattened.ts';

const DRIFT_MS = 5 * 60_000;
/** The API's own limit on the Free plan: developers.cloudflare.com/dns/manage-dns-records/how-to/batch-record-changes. */
const MAX_BATCH = 200;
/** With more names the whole zone is listed: its pages are fewer calls. */
const MOST_BY_NAME = 4;
const READ_BACK_AFTER_MS = [0, 1_000, 3_000];

/** A batch is made whole or not at all by the API; the rest of the zone is not named in it. */
export class CloudflareProvider implements DnsProvider {
  readonly name = 'cloudflare';
  readonly driftMs = DRIFT_MS;
  readonly flattensCname = true;
  readonly #api: CloudflareApi;
  readonly #clock: Clock;
  readonly #zones = new Map<string, CloudflareZone>();
  readonly #hidden = new HiddenRecords('Cloudflare');
  readonly #flattened: FlattenedZones;
  /** The target of each CNAME that the API last showed. */
  readonly #targets = new Map<string, readonly string[]>();

  constructor(api: CloudflareApi, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
    this.#flattened = new FlattenedZones(clock);
  }

  async zonesWithin(
    zone: string,
    _names: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const zones = await this.#api.zonesWithin(zone, signal);
    return zones.filter(({ status }) => status === 'active').map(({ name }) => name);
  }

  async read(
    zone: string,
    names: readonly string[],
    signal: AbortSignal,
    texts?: readonly string[],
  ): Promise<Current> {
    const records = await this.#records(zone, names, signal, texts);
    return currentOf(recordSets(records), othersAmong(records), names, texts);
  }

  async apply(zone: string, changes: readonly Change<WrittenType>[], guard: WriteGuard): Promise<void> {
    const { signal } = guard;
    const names = [...new Set(changes.map((change) => subjectOf(change).name))];
    await this.#api.awaitWrite(zone, guard.superseded ?? signal);
    const records = await this.#records(zone, names, signal);
    const parts = inParts(changes, MAX_BATCH, (change) => weightOf(records, change));
    // All are checked before the first one is sent.
    const batches = ofEach(parts, (part) => ({ part, body: batchOf(records, part) }));
    this.#api.noteWrite(zone);
    for (const { part, body } of batches) {
      await this.#api.batch(await this.#zone(zone, signal), body, () => guard.assertMayWrite(), signal);
      guard.onAccepted?.(part);
    }
    await this.#readBack(zone, names, changes, signal);
  }

  /** The name servers answer for a proxied name with Cloudflare's own addresses, and for a flattened one with those of its target. */
  async lookup(
    zone: string,
    name: string,
    type: RecordType,
    signal: AbortSignal,
    ask: AuthoritativeLookup,
  ): Promise<readonly ServerAnswer[]> {
    const hidden = this.#hidden.answer(name, type);
    if (hidden !== undefined) return hidden;
    const target = this.#targets.get(name);
    if (type !== 'CNAME' || target === undefined) return ask(zone, name, type, signal);
    return this.#flattened.lookup(zone, name, target, signal, ask);
  }

  async #records(
    zoneName: string,
    names: readonly string[],
    signal: AbortSignal,
    texts: readonly string[] = [],
  ): Promise<readonly CloudflareRecord[]> {
    try {
      const zone = await this.#zone(zoneName, signal);
      const asked = new Set([...names, ...names.flatMap((name) => namesUpTo(zoneName, name)), ...texts]);
      const records =
        asked.size > MOST_BY_NAME
          ? (await this.#api.records(zone, undefined, signal)).filter(({ name }) => asked.has(name))
          : await this.#recordsOf(zone, asked, signal);
      this.#noteShown(zoneName, names, records);
      return records;
    } catch (error) {
      // It may have been removed and created again, under another id.
      if (error instanceof DnsError && error.kind === 'config') this.#zones.delete(zoneName);
      throw error;
    }
  }

  async #recordsOf(
    zone: CloudflareZone,
    names: Iterable<string>,
    signal: AbortSignal,
  ): Promise<readonly CloudflareRecord[]> {
    const records: CloudflareRecord[] = [];
    for (const name of names) records.push(...(await this.#api.records(zone, name, signal)));
    return records;
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
      const cname = sets.find((set) => set.name === name && set.type === 'CNAME');
      if (cname === undefined) this.#targets.delete(name);
      else this.#targets.set(name, cname.values);
    }
  }

  async #zone(name: string, signal: AbortSignal): Promise<CloudflareZone> {
    const known = this.#zones.get(name);
    if (known !== undefined) return known;
    const found = await this.#api.zones(name, signal);
    const active = found.filter(({ status }) => status === 'active');
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
      );
    }
    if (active.length > 1) {
      throw zoneError(
        `the token sees ${active.length} active zones ${name}, in different accounts`,
        'Use a token that is limited to the right one.',
      );
    }
    this.#zones.set(name, zone);
    return zone;
  }

  async #readBack(
    zone: string,
    names: readonly string[],
    changes: readonly Change<WrittenType>[],
    signal: AbortSignal,
  ): Promise<void> {
    let missing: readonly string[] = names;
    for (const delay of READ_BACK_AFTER_MS) {
      await sleep(this.#clock, delay, signal);
      signal.throwIfAborted();
      const shown = recordSets(await this.#records(zone, names, signal));
      const unmade = changes.filter((change) => !isMade(change, shown));
      missing = [...new Set(unmade.map((change) => subjectOf(change).name))];
      if (missing.length === 0) return;
    }
    throw new DnsError(`Cloudflare accepted the change of ${missing.join(', ')} but does not show it`, {
      kind: 'retry',
      code: NOT_SAVED,
      names: missing,
      action: 'It is tried again; if this lasts, look at the zone in the Cloudflare dashboard.',
    });
  }
}
