import type { Change, TextSet } from '../records.ts';
import {
  type Claim,
  claimChanges,
  claimName,
  describeClaim,
  latestOf,
  latestOfOthers,
  type OwnTimeline,
} from './claim.ts';
import { type ClaimMemory, claimTexts, decodeClaimMemory, firstRival } from './claim-memory.ts';
import { notReported, refused } from './claim-refusals.ts';

export interface ClaimsOptions {
  /** Of this cluster in its topology. */
  readonly owner: string;
  readonly site: string;
  readonly follower: string;
  /** As `onChange` gave it last, before a restart. Anybody can edit what it is kept in. */
  readonly memory: unknown;
  /** For whom it stands by, as the published status says: what it remembers may have been lost on its way. */
  readonly publishedRival?: Pick<Claim, 'owner' | 'site'> | undefined;
  readonly onChange: (memory: ClaimMemory) => void;
  /** Stores what `onChange` gave last, or gives up in time; never rejects. */
  readonly remember: () => Promise<void>;
  /** Milliseconds, by a clock that is never set. */
  readonly elapsed: () => number;
  /** Another cluster goes before this one, or no longer does. */
  readonly onRival: () => void;
}

/**
 * Of a Cluster that nobody saw as a replica it is unknown whether a timeline is that of its promotion or still the one from
 * before. So long does the checkpoint after the promotion take at most, where nothing hurries it. Source: PostgreSQL,
 * checkpoint_timeout.
 */
const CHECKPOINT_MS = 300_000;
/** Instead of a zone: this process has not read the claim, and does not know where it is, so that it counts until all zones are read. */
const PUBLISHED = '';

/**
 * One cluster's part in an agreement among clusters that cannot see each other: whoever finds the claim of one that was
 * promoted later stands by. What counts is the timeline to which the promotion led. It is higher than that of the promotion
 * before, as whoever is promoted has replicated that one at least; failovers within a cluster do not raise it, so that one
 * that was lost does not overtake its successor by them.
 */
export class Claims {
  readonly #options: ClaimsOptions;
  readonly #listeners = new Set<() => void>();
  /** Of {@link addReader}, those that have not read all of their zones. */
  #unread = 0;
  /** Undefined while this cluster is not the primary. */
  #own: OwnTimeline | undefined;
  #isGone = false;
  /** `since`: this process knows of it. */
  #promotion: { timeline: number; instance: string | undefined; since: number } | undefined;
  /** The next leader does not know yet of the last promotion. */
  #isUnsaved = false;
  #primary: string | undefined;
  #replicated: number | undefined;
  /** The Cluster that had {@link #replicated}. */
  #replica: string | undefined;
  #demotedAt: string;
  /** By zone. */
  #rivals: Map<string, Claim>;
  /** By zone. */
  #made: Map<string, Claim>;

  constructor(options: ClaimsOptions) {
    this.#options = options;
    const { promotion, primary, replicated, replica, demotedAt, rivals, made } = decodeClaimMemory(
      options.memory,
    );
    this.#promotion = promotion && { ...promotion, since: options.elapsed() };
    this.#primary = primary;
    this.#replicated = replicated;
    this.#replica = replica;
    this.#demotedAt = demotedAt;
    this.#rivals = rivals;
    this.#made = made;
    const { publishedRival } = options;
    if (rivals.size === 0 && publishedRival !== undefined)
      rivals.set(PUBLISHED, { ...publishedRival, timeline: 0, epoch: 0 });
  }

  /** The one that goes before this cluster. */
  get rival(): Claim | undefined {
    return firstRival(this.#rivals);
  }

  /** By what was observed last, which may be newer than what is being written. */
  get isPrimary(): boolean {
    return this.#own !== undefined && this.#rivals.size === 0 && !this.#isUnsaved;
  }

  nameIn(zone: string): string {
    return claimName(this.#options.follower, zone);
  }

  /** Calls back when this cluster may have what it had to leave before; returns how to end that. */
  onPromotion(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** For one that reads some of the zones; to be called back whenever it has read all of those. */
  addReader(): () => void {
    this.#unread += 1;
    let hasRead = false;
    return () => {
      if (!hasRead) this.#unread -= 1;
      hasRead = true;
      if (this.#unread > 0 || !this.#rivals.delete(PUBLISHED)) return;
      this.#store();
      this.#options.onRival();
    };
  }

  /**
   * To be awaited before a promotion is told, and nothing is written before: the next leader could not distinguish a failover from
   * it. True if there was one since the last call.
   */
  async remember(): Promise<boolean> {
    if (!this.#isUnsaved) return false;
    await this.#options.remember();
    this.#isUnsaved = false;
    if (this.#promotion !== undefined) for (const listener of this.#listeners) listener();
    return true;
  }

  /** It was promoted, and not demoted since then: what looks like a promotion now is a failover within it. */
  isPromoted({ cluster, demotedAt }: Pick<OwnTimeline, 'cluster' | 'demotedAt'>): boolean {
    return this.#primary === cluster && demotedAt === this.#demotedAt;
  }

  /**
   * It does not exist, so whoever has claimed a zone goes before it: it may have been demoted while nobody observed it.
   */
  leave(): void {
    this.#own = undefined;
    this.#isGone = true;
  }

  /** This cluster is the primary of its topology, by what it knows itself. */
  lead(own: OwnTimeline): void {
    const { cluster, timeline, instance, demotedAt } = own;
    // A recreated Cluster knows nothing of the promotions of the one before it, and may be older than a rival.
    if (this.#primary !== undefined && this.#primary !== cluster)
      this.#forgetPromotion(undefined, demotedAt, this.#rivals);
    else if (demotedAt !== this.#demotedAt) this.#forgetPromotion(undefined, demotedAt);
    this.#own = own;
    this.#comeBack();
    if (this.#primary !== cluster) {
      this.#primary = cluster;
      this.#isUnsaved = true;
      this.#store();
    }
    const replicated = this.#replicatedBy(cluster);
    const isReported = replicated === undefined || timeline > replicated;
    if (this.#promotion === undefined) {
      if (isReported) this.#notePromotion(timeline, instance);
    } else if (this.#promotion.instance === instance && timeline > this.#promotion.timeline) {
      this.#notePromotion(timeline, instance);
    }
  }

  /**
   * It shall replicate from another one. Once it `isReplica`, or was meanwhile, what it may claim next comes of a later
   * promotion.
   */
  standBy({ cluster, timeline, demotedAt }: OwnTimeline, isReplica: boolean): void {
    const isStillPromoted = this.isPromoted({ cluster, demotedAt }) && !isReplica;
    this.#own = undefined;
    this.#comeBack();
    if (isStillPromoted) return;
    // One that is being promoted may be on its new timeline already.
    const before = this.#replicatedBy(cluster);
    const replicated = isReplica || this.#promotion !== undefined ? timeline : before;
    const isKnown = before === replicated && this.#demotedAt === demotedAt;
    if (this.#primary === undefined && isKnown && this.#replicated === before) return;
    this.#replica = cluster;
    this.#forgetPromotion(replicated, demotedAt);
  }

  /** What the provider of `zone` shows there now. */
  observe(zone: string, found: TextSet | undefined): Claim | undefined {
    const other = found && latestOfOthers(found.values, this.#options.owner);
    this.#note(zone, other !== undefined && this.#goesBefore(other) ? other : undefined);
    return other;
  }

  /** Of two of the same timeline, who has the zone keeps it. A promotion whose timeline is not reported yet is the last one. */
  #goesBefore({ timeline }: Claim): boolean {
    return this.#isGone || (this.#promotion !== undefined && timeline >= this.#promotion.timeline);
  }

  /**
   * What has to be written before any other record of `zone`, by what its provider shows. Throws DnsError where another
   * cluster goes before this one, or may.
   */
  changes(
    zone: string,
    found: TextSet | undefined,
    { epoch, ttl }: { readonly epoch: number; readonly ttl: number },
  ): readonly Change<'TXT'>[] {
    const { owner, site } = this.#options;
    // Also while a failover is under way: the zone may not be read again for long.
    const other = this.observe(zone, found);
    if (this.#own === undefined) throw refused(zone, `${owner} is not the primary`);
    const promoted = this.#promotion?.timeline;
    if (other !== undefined && promoted === undefined) throw notReported(zone, owner, other);
    if (other !== undefined && promoted !== undefined && other.timeline >= promoted)
      throw refused(zone, `${describeClaim(other)}, and ${owner} was promoted to timeline ${promoted}`);
    const known = promoted ?? this.#own.timeline;
    // What it was promoted to may not be reported yet: a lower claim than before would let an earlier one in.
    const before = (found && latestOf(found.values, owner)?.timeline) ?? 0;
    const timeline = this.#isCertain(this.#own) ? known : Math.max(known, before);
    return claimChanges({ owner, site, timeline, epoch }, found, { name: this.nameIn(zone), ttl });
  }

  /** The zone shows this, or its provider has accepted it. */
  noteMade(zone: string, set: TextSet | undefined): void {
    const claim = set && latestOf(set.values, this.#options.owner);
    // It was demoted meanwhile.
    if (claim === undefined || this.#primary === undefined) return;
    const before = this.#made.get(zone);
    if (before?.timeline === claim.timeline && before.epoch === claim.epoch) return;
    this.#made.set(zone, claim);
    this.#store();
  }

  /** It is that of the promotion, and not of the checkpoint before. */
  #isCertain({ cluster }: OwnTimeline): boolean {
    if (this.#promotion === undefined) return false;
    const isOld = this.#options.elapsed() - this.#promotion.since >= CHECKPOINT_MS;
    return isOld || this.#replicatedBy(cluster) !== undefined;
  }

  /** Of one that was made anew under the same name since then nothing is known: it may have been made from less. */
  #replicatedBy(cluster: string): number | undefined {
    return this.#replica === undefined || this.#replica === cluster ? this.#replicated : undefined;
  }

  #comeBack(): void {
    if (!this.#isGone) return;
    this.#isGone = false;
    if (this.#promotion !== undefined && this.#dropEarlier()) this.#store();
  }

  /** Rivals that do not go before it. */
  #dropEarlier(): boolean {
    const earlier = [...this.#rivals].filter(
      ([zone, rival]) => zone !== PUBLISHED && !this.#goesBefore(rival),
    );
    for (const [zone] of earlier) this.#rivals.delete(zone);
    return earlier.length > 0;
  }

  #notePromotion(timeline: number, instance: string): void {
    this.#promotion = { timeline, instance, since: this.#options.elapsed() };
    this.#isUnsaved = true;
    this.#dropEarlier();
    this.#store();
  }

  #forgetPromotion(
    replicated: number | undefined,
    demotedAt: string,
    rivals: ReadonlyMap<string, Claim> = new Map(),
  ): void {
    this.#promotion = undefined;
    this.#primary = undefined;
    this.#replicated = replicated;
    this.#demotedAt = demotedAt;
    this.#rivals = new Map(rivals);
    this.#made.clear();
    this.#store();
  }

  #note(zone: string, rival: Claim | undefined): void {
    const before = this.#rivals.get(zone);
    if (rival === undefined) this.#rivals.delete(zone);
    else this.#rivals.set(zone, rival);
    if (before?.owner === rival?.owner && before?.timeline === rival?.timeline) return;
    this.#store();
    this.#options.onRival();
  }

  #store(): void {
    this.#options.onChange({
      promotedTo: this.#promotion?.timeline,
      primary: this.#primary,
      promoted: this.#promotion?.instance,
      replicated: this.#replicated,
      replica: this.#replica,
      demotedAt: this.#demotedAt,
      rivals: claimTexts(this.#rivals),
      made: claimTexts(this.#made),
    });
  }
}
