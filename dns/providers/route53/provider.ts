import type { Change as ApiChange, HostedZone, ResourceRecordSet } from '@aws-sdk/client-route-53';
import type { Clock } from '../../../runtime/clock.ts';
import type { CallPurpose } from '../../calls/call-shares.ts';
import { FreshReads } from '../../calls/fresh-reads.ts';
import { zoneError } from '../../errors.ts';
import { inParts, namesOf } from '../../planned.ts';
import { DnsError, type DnsProvider, type WriteGuard } from '../../provider.ts';
import type { AuthoritativeLookup, RecordQuery, ServerAnswer } from '../../records/authoritative.ts';
import { ofEach } from '../../records/name-errors.ts';
import { currentOf } from '../../records/record-sets.ts';
import { recordsOfNames } from '../../records/records-of-names.ts';
import type { Change, Current, RecordSet, WrittenType, ZoneQuery } from '../../records.ts';
import { AccountZones, type ZoneLists } from '../../zones/account-zones.ts';
import type { ZoneKey } from '../../zones/known-zones.ts';
import { hostInZone, longestZone, namesUpTo } from '../../zones.ts';
import type { Route53Api } from './api.ts';
import { isDenied, isRefusedBatch } from './errors.ts';
import { PendingChanges } from './pending-changes.ts';
import { changesOf, otherRecords, plainName, recordSets, unchanged } from './records.ts';
import type { Route53Config } from './settings.ts';

const DRIFT_MS = 5 * 60_000;
/**
 * Values in one batch: the API takes 1,000, and 32,000 characters
 * (docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html).
 */
const MAX_BATCH = 800;
const CHARACTERS_A_VALUE = 40;

export class Route53Provider implements DnsProvider {
  readonly name = 'route53';
  readonly driftMs = DRIFT_MS;
  readonly #api: Route53Api;
  readonly #config: Route53Config;
  readonly #account: AccountZones<HostedZone>;
  readonly #fresh: FreshReads<readonly ResourceRecordSet[]>;
  readonly #pending: PendingChanges;
  /** What the API last showed or accepted, by name and type. */
  readonly #shown = new Map<string, readonly string[]>();

  constructor(api: Route53Api, config: Route53Config, clock: Clock) {
    this.#api = api;
    this.#fresh = new FreshReads(clock);
    const lists: ZoneLists<HostedZone> = {
      all: (mostPages, abort) => api.allZones(mostPages, abort),
      within: (name, abort) => api.zonesWithin(name, abort),
      named: (name, abort) => api.zonesNamed(name, abort),
    };
    this.#account = new AccountZones(keyOfZone, lists, clock);
    this.#config = config;
    this.#pending = new PendingChanges((id, abort) => api.isInSync(id, abort));
  }

  async zonesWithin(zone: string, names: readonly string[], abort: AbortSignal): Promise<readonly string[]> {
    const { zoneId, privateZone } = this.#config;
    if (zoneId !== undefined) return [plainName((await this.#api.zone(zoneId, abort))?.Name ?? '')];
    const all = await this.#account.within(zone, abort, (found) => isPrivate(found) === privateZone);
    const found = [...new Set(all.map(nameOf))];
    if (privateZone) return found;
    const isChosen = (own: string) => names.some((name) => hostInZone(name, own) !== undefined);
    return await this.#delegatedAmong(found.filter(isChosen), abort);
  }

  /** Anybody may make a zone below another one. Whoever asks comes only to one that is delegated. */
  async #delegatedAmong(zones: readonly string[], abort: AbortSignal): Promise<readonly string[]> {
    const cuts = new Map<string, (name: string) => boolean>();
    const delegated: string[] = [];
    for (const own of zones.toSorted((one, other) => one.length - other.length)) {
      const parent = longestZone(own, delegated);
      if (parent === undefined) delegated.push(own);
      else {
        const isCut = cuts.get(parent) ?? (await this.#cutsOf(parent, zones, abort));
        cuts.set(parent, isCut);
        if (namesUpTo(parent, own).some(isCut)) delegated.push(own);
      }
    }
    return delegated;
  }

  /** Where `parent` delegates some of `zones`: they are asked for together, as each call waits for its turn. */
  async #cutsOf(
    parent: string,
    zones: readonly string[],
    abort: AbortSignal,
  ): Promise<(name: string) => boolean> {
    const names = zones.flatMap((zone) => namesUpTo(parent, zone));
    try {
      const records = await this.#records(parent, names, abort, 'find');
      const cuts = new Set(records.filter(({ Type }) => Type === 'NS').map(nameOf));
      return (name) => cuts.has(name);
    } catch (error) {
      if (!isDenied(error)) throw error;
      return () => true; // Who may not even read it can only mean what is below.
    }
  }

  async read(query: ZoneQuery): Promise<Current> {
    const { zone, names, texts = [], purpose = 'first', abort } = query;
    const above = names.flatMap((name) => namesUpTo(zone, name));
    const records = await this.#records(zone, [...names, ...above, ...texts], abort, purpose);
    this.#fresh.note(zone, [...names, ...texts], records);
    return currentOf(recordSets(records), otherRecords(records), query);
  }

  async apply(zone: string, changes: readonly Change<WrittenType>[], guard: WriteGuard): Promise<void> {
    const { abort, condition } = guard;
    const names = [...namesOf(changes), ...(condition === undefined ? [] : [condition.name])];
    await this.#api.limiter.awaitWrite(zone, guard.superseded ?? abort);
    const records = this.#fresh.take(zone, names) ?? (await this.#records(zone, names, abort, 'write'));
    const { Id: zoneId = '' } = await this.#zone(zone, abort);
    const kept = condition === undefined ? [] : unchanged(records, condition);
    const parts = inParts(changes, MAX_BATCH, weightOf);
    // All are checked before the first one is sent.
    const batches = ofEach(parts, (part) => ({ part, batch: changesOf(records, part) }));
    this.#api.limiter.noteWrite(zone);
    for (const { part, batch } of batches) {
      const id = await this.#change(zone, zoneId, { kept, batch }, guard);
      this.#pending.accepted(zone, id);
      guard.onAccepted?.(part);
      for (const change of part) {
        if (change.action === 'delete') this.#shown.delete(key(change.current));
        else this.#shown.set(key(change.desired), change.desired.values);
      }
    }
  }

  async #change(
    zone: string,
    zoneId: string,
    { kept, batch }: { readonly kept: readonly ApiChange[]; readonly batch: readonly ApiChange[] },
    guard: WriteGuard,
  ): Promise<string | undefined> {
    const { abort, condition } = guard;
    try {
      const all = [...kept, ...batch];
      return await this.#api.change(zone, zoneId, all, () => guard.assertMayWrite(), abort);
    } catch (error) {
      // No document says that a set may be deleted and created as it is. Where that were refused, records must follow still.
      if (kept.length > 0 && isRefusedBatch(error)) {
        return this.#change(zone, zoneId, { kept: [], batch }, guard);
      }
      const isOfCondition = error instanceof DnsError && error.names?.includes(condition?.name ?? '');
      // It is none of those that were to be changed: no change of the batch can be made.
      throw isOfCondition === true ? error.with({ names: undefined }) : error;
    }
  }

  /**
   * Route 53 itself knows when a change has reached all its servers. Nobody else can be asked about a private zone, unless
   * the configuration names a server that can.
   */
  async lookup(query: RecordQuery, ask: AuthoritativeLookup): Promise<readonly ServerAnswer[]> {
    const [own, others] = await Promise.all([this.#ownAnswer(query), ask(query)]);
    return [own, ...others];
  }

  async #ownAnswer({ zone, name, type, abort }: RecordQuery): Promise<ServerAnswer> {
    const server = 'Route 53';
    try {
      if (!(await this.#pending.isInSync(zone, abort))) {
        return { server: 'Route 53 (pending)', values: undefined };
      }
    } catch (error) {
      if (!(error instanceof DnsError)) throw error;
      return { server, values: undefined }; // It could not say; it is asked again.
    }
    return { server, values: this.#shown.get(key({ name, type })) ?? [] };
  }

  async #records(
    zone: string,
    names: readonly string[],
    abort: AbortSignal,
    purpose: CallPurpose,
  ): Promise<readonly ResourceRecordSet[]> {
    const found = await this.#zone(zone, abort);
    const { Id: zoneId = '' } = found;
    try {
      const records = await recordsOfNames(new Set(names), (set: ResourceRecordSet) => nameOf(set), {
        ofName: (name) => this.#api.records(zoneId, name, abort, purpose),
        ofZone: (mostPages) => this.#api.zoneRecords(found, mostPages, abort, purpose),
      });
      for (const set of recordSets(records)) this.#shown.set(key(set), set.values);
      return records;
    } catch (error) {
      // It may have been removed and created again, under another id.
      if (error instanceof DnsError && error.code === 'NoSuchHostedZone') this.#account.forget(zone);
      throw error;
    }
  }

  #zone(name: string, abort: AbortSignal): Promise<HostedZone> {
    const { zoneId } = this.#config;
    return this.#account.inUse(name, () =>
      zoneId === undefined ? this.#zoneNamed(name, abort) : this.#zoneWithId(zoneId, name, abort),
    );
  }

  async #zoneWithId(id: string, name: string, abort: AbortSignal): Promise<HostedZone> {
    const zone = await this.#api.zone(id, abort);
    const found = plainName(zone?.Name ?? '');
    if (zone !== undefined && found === name) return zone;
    throw zoneError(
      `the hosted zone ${id} is that of ${found || 'nothing'}, not of ${name}`,
      `Give ROUTE53_ZONE_ID the id of ${name}, or write name@zone in the records.`,
    );
  }

  async #zoneNamed(name: string, abort: AbortSignal): Promise<HostedZone> {
    const { privateZone } = this.#config;
    const all = await this.#account.named(name, abort);
    const fitting = all.filter((zone) => isPrivate(zone) === privateZone);
    const [zone] = fitting;
    const kind = privateZone ? 'private' : 'public';
    if (zone === undefined) {
      const others = all.length === 0 ? '' : `, but a ${privateZone ? 'public' : 'private'} one`;
      throw zoneError(
        `there is no ${kind} hosted zone ${name} in this AWS account${others}`,
        all.length === 0
          ? 'Check the account of the credentials; name@zone in the records states another zone.'
          : `Set ROUTE53_PRIVATE_ZONE to ${String(!privateZone)} if that one is meant.`,
      );
    }
    if (fitting.length > 1) {
      const ids = fitting.map(({ Id = '' }) => Id.replace('/hostedzone/', ''));
      throw zoneError(
        `there are ${fitting.length} ${kind} hosted zones ${name}: ${ids.join(', ')}`,
        'Set ROUTE53_ZONE_ID to the right one.',
      );
    }
    return zone;
  }
}

function keyOfZone(zone: HostedZone): ZoneKey {
  return { name: nameOf(zone), id: zone.Id ?? '' };
}

function nameOf({ Name = '' }: { readonly Name?: string | undefined }): string {
  return plainName(Name);
}

function isPrivate({ Config }: HostedZone): boolean {
  return Config?.PrivateZone ?? false;
}

/** In values, a long one as several. */
function weightOf(change: Change<WrittenType>): number {
  const sets = [
    ...('current' in change ? [change.current] : []),
    ...('desired' in change ? [change.desired] : []),
  ];
  const values = sets.flatMap((set) => set.values);
  return values.reduce((sum, value) => sum + Math.ceil(value.length / CHARACTERS_A_VALUE), 0);
}

function key({ name, type }: Pick<RecordSet<WrittenType>, 'name' | 'type'>): string {
  return `${name} ${type}`;
}
