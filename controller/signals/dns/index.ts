import type { Claims } from '../../../dns/claims/claims.ts';
import { desiredSets, ownedTypes } from '../../../dns/desired.ts';
import type { KeptSets } from '../../../dns/follower/kept-sets.ts';
import { Ownership } from '../../../dns/follower/ownership.ts';
import { Propagation } from '../../../dns/follower/propagation.ts';
import { type RecordStatus, RecordStatuses } from '../../../dns/follower/record-status.ts';
import { SupersededError } from '../../../dns/follower/superseded-error.ts';
import type { ZoneFollowerPorts } from '../../../dns/follower/zone-follower.ts';
import { compareReads, ZoneGroup } from '../../../dns/follower/zone-group.ts';
import type { DnsProvider } from '../../../dns/provider.ts';
import { type AuthoritativeLookup, authoritativeLookup } from '../../../dns/records/authoritative.ts';
import { sharedTargets } from '../../../dns/records/shared-targets.ts';
import type { RecordType } from '../../../dns/records.ts';
import { keepsTexts } from '../../../dns/registry.ts';
import { ConfigMapSnapshots } from '../../../dns/zones/snapshots.ts';
import type { HeldNames } from '../../../dns/zones/zone-choice.ts';
import { type DnsName, groupsOfZones } from '../../../dns/zones.ts';
import type { Leadership } from '../../../kubernetes/leadership.ts';
import { type Clock, type Random, unlessAborted } from '../../../runtime/clock.ts';
import { explain } from '../../../runtime/explain.ts';
import type { Site } from '../../../settings/site.ts';
import type { DnsConfig, FollowerConfig } from '../../config.ts';
import type { SignalPorts } from '../ports.ts';
import type { PublishedStatus, Signal } from '../signal.ts';
import { type DnsObserver, failureEvents } from './events.ts';
import { keptSetsIn } from './kept-sets.ts';
import { recordCounts } from './record-counts.ts';

export interface DnsSignalOptions {
  /** Of the signal, in metrics and logs. */
  readonly name: string;
  readonly provider: DnsProvider;
  readonly records: readonly DnsName[];
  readonly sites: readonly Site[];
  /** Where each site is a cluster of its own: this one. Only that of the active site writes. */
  readonly ownSite?: Site;
  /** Absent: no other cluster writes the zones. */
  readonly claims?: Claims;
  /** Seconds. */
  readonly ttl: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly lookup: AuthoritativeLookup;
  readonly observer: DnsObserver;
  readonly kept: KeptSets;
  /** Absent: the ownership of records is not checked. */
  readonly ownership?: Ownership;
}

/** So long may a site that was lost, and has come back, take itself for the active one. */
const CLAIM_PERIOD_MS = 30_000;
/** A zone that takes longer continues in the background, so that it does not delay the next state for the others. */
const PATIENCE_MS = 15_000;

export class DnsSignal implements Signal {
  readonly name: string;
  readonly resyncMs: number;
  readonly #options: DnsSignalOptions;
  readonly #propagation: Propagation;
  readonly #ports: ZoneFollowerPorts;
  /** One whose zones cannot be listed delays no other. */
  readonly #groups: readonly ZoneGroup[];
  /** Zones that were reported to be held. */
  readonly #held = new Set<string>();
  readonly #noteClaimsRead: (() => void) | undefined;
  #enqueue: () => void = () => undefined;
  #epoch = 0;
  /** Aborts when a newer state is there than that of the last `apply`. */
  #newer = new AbortController();

  constructor(options: DnsSignalOptions) {
    const { provider, clock, random, records, sites, observer, kept } = options;
    const statuses = new RecordStatuses(clock, (all) => observer.onStatuses(all));
    this.#options = options;
    this.name = options.name;
    const { claims } = options;
    this.resyncMs = claims === undefined ? provider.driftMs : Math.min(provider.driftMs, CLAIM_PERIOD_MS);
    this.#noteClaimsRead = claims?.addReader();
    const { lookup: ask } = options;
    const lookup: AuthoritativeLookup = (query) => provider.lookup?.(query, ask) ?? ask(query);
    this.#propagation = new Propagation({ ...options, lookup, statuses });
    this.#ports = {
      provider,
      clock,
      random,
      periodMs: this.resyncMs,
      statuses,
      kept,
      ...(claims !== undefined && {
        claim: {
          nameIn: (zone) => claims.nameIn(zone),
          assertIsPrimary: () => {
            if (!claims.isPrimary) throw new SupersededError('this cluster stands by: nothing is written');
          },
          observe: (zone, found) => claims.observe(zone, found),
          changes: (zone, found) => claims.changes(zone, found, { epoch: this.#epoch, ttl: options.ttl }),
          noteMade: (zone, made) => claims.noteMade(zone, made),
        },
      }),
      ...(options.ownership !== undefined && { ownership: options.ownership }),
      onAccepted: this.#propagation.expect.bind(this.#propagation),
      onFailure: observer.onFailure.bind(observer),
      onRecovered: observer.onRecovered.bind(observer),
      onUnfollowed: observer.onUnfollowed.bind(observer),
      wake: () => this.#enqueue(),
    };
    const owned: ReadonlySet<RecordType> = ownedTypes(sites);
    this.#groups = groupsOfZones(records).map((own) => new ZoneGroup(own, owned, this.#ports));
  }

  async apply(state: PublishedStatus, leadership: Leadership): Promise<void> {
    this.#newer = new AbortController();
    const { signal: newer } = this.#newer;
    await unlessAborted(this.#apply(state, leadership, newer), newer);
  }

  /** What is under way continues by itself. */
  hasten(): void {
    this.#newer.abort(new SupersededError('a newer state is there'));
  }

  async #apply(
    { site, status: { epoch }, hasMoved = false }: PublishedStatus,
    leadership: Leadership,
    newer: AbortSignal,
  ): Promise<void> {
    const { ttl, ownSite = site } = this.#options;
    if (site === undefined || site.name !== ownSite?.name) return await this.#standBy(leadership);
    this.#epoch = epoch;
    const desired = (names: readonly string[]) => desiredSets(site, names, ttl);
    const outcomes = await Promise.all(
      this.#groups
        .toSorted(compareReads)
        .map((group) => group.follow(desired, PATIENCE_MS, leadership, hasMoved)),
    );
    if (newer.aborted) return;
    const held = outcomes.flatMap((outcome) => outcome.held);
    this.#reportHeld(held, site);
    const errors = [...outcomes.flatMap(({ failures }) => failures), ...held.map(({ error }) => error)];
    if (errors.length === 0) this.#reportReleased();
    if (errors.length > 1) throw new Error(errors.map(explain).join('; '), { cause: errors[0] });
    if (errors.length === 1) throw errors[0];
  }

  #reportHeld(held: readonly HeldNames[], site: Site): void {
    const { ttl, observer } = this.#options;
    for (const { zone, names, error } of held) {
      this.#ports.statuses.setHeld(zone, desiredSets(site, names, ttl), error);
      this.#held.add(zone);
      observer.onFailure(zone, [error]);
    }
  }

  #reportReleased(): void {
    for (const zone of this.#held) this.#options.observer.onRecovered(zone);
    this.#held.clear();
  }

  async #standBy(leadership: Leadership): Promise<void> {
    for (const group of this.#groups) group.abandon();
    if (this.#options.claims?.rival === undefined) return;
    await Promise.all(this.#groups.map((group) => group.checkClaims(leadership)));
    this.#noteClaimsRead?.();
  }

  async watch(enqueue: () => void, abort: AbortSignal): Promise<void> {
    this.#enqueue = enqueue;
    const endListening = this.#options.claims?.onPromotion(enqueue);
    await this.#propagation.run(abort);
    endListening?.();
  }
}

/** One signal for each record set, so that no provider waits for another one. */
export function dnsSignals(
  { name: follower, dns: configs }: FollowerConfig,
  ports: SignalPorts,
): Promise<readonly Signal[]> {
  const { api, clock, statusMap, report, locks } = ports;
  const { namespace } = statusMap;
  const snapshots = new ConfigMapSnapshots(api, clock, namespace);
  const keptOf = keptSetsIn(report);
  const shared = configs.length === 0 ? [] : sharedTargets(ports.sites.all);
  if (shared.length > 0)
    ports.events({
      reason: 'DnsNotFollowed',
      note: `${capitalised(shared.join('; '))}: a move between them changes no such record. Leave this so only if it is meant; else give each site its own.`,
    });
  const rows = new Map<string, readonly RecordStatus[]>();
  return Promise.all(
    configs.map(async (config) => {
      const name = config.name ?? config.provider;
      const count = recordCounts({ follower, provider: name }, ports.metrics);
      const provider = await ports.createProvider(config, {
        api,
        clock,
        snapshots,
        locks,
        follower,
        namespace,
      });
      return new DnsSignal({
        name: configs.length === 1 ? 'dns' : `dns-${name}`,
        provider,
        records: config.records,
        kept: keptOf(name, config.records),
        sites: ports.sites.all,
        ...(ports.sites.own !== undefined && { ownSite: ports.sites.own }),
        ...(ports.claims !== undefined && keepsTexts(config.provider) && { claims: ports.claims }),
        ttl: config.ttl,
        ...ownershipOf(config),
        clock,
        random: ports.random,
        lookup: lookupOf(config, ports),
        observer: {
          ...failureEvents(follower, name, ports),
          onStatuses: (records) => {
            rows.set(
              name,
              records.map((record) => ({ ...record, provider: name })),
            );
            report.set('dns', [...rows.values()].flat());
            count(records);
          },
        },
      });
    }),
  );
}

function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function ownershipOf({ owner: { id, ...rest } }: DnsConfig): { readonly ownership?: Ownership } {
  return id === undefined ? {} : { ownership: new Ownership({ id, ...rest }) };
}

/** The zone's own name servers, or those that are configured for zones that are not delegated publicly. */
function lookupOf({ nameServers }: DnsConfig, { clock, lookup }: SignalPorts): SignalPorts['lookup'] {
  if (nameServers.length === 0) return lookup;
  const servers = nameServers.map((address) => ({ name: address, addresses: [address] }));
  return authoritativeLookup(clock, () => Promise.resolve(servers));
}
