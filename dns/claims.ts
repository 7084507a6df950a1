import * as z from 'zod';
import { type Claim, claimChanges, claimName, formatClaim, latestOfOthers, parseClaim } from './claim.ts';
import { DnsError } from './provider.ts';
import type { Change, TextSet } from './records.ts';

export interface ClaimsOptions {
  /** Of this cluster in its topology. */
  readonly owner: string;
  readonly site: string;
  readonly follower: string;
  /** As `onChange` gave it last, before a restart. Anybody can edit what it is kept in. */
  readonly memory: unknown;
  readonly onChange: (memory: ClaimMemory) => void;
  /** Another cluster goes before this one, or no longer does. */
  readonly onRival: () => void;
}

export interface ClaimMemory {
  /** The timeline to which the last promotion of this cluster led; absent while it stands by, or that is not known yet. */
  readonly promotedTo?: number | undefined;
  /** The timeline that it had as a replica. */
  readonly replicated?: number | undefined;
  readonly demotedAt: string;
  /** By zone, the texts of the claims for which it stands by. */
  readonly rivals: Readonly<Record<string, string>>;
}

/**
 * One cluster's part in an agreement among clusters that cannot see each other: whoever finds the claim of one that was
 * promoted later stands by. What counts is the timeline to which the promotion led. It is higher than that of the promotion
 * before, as whoever is promoted has replicated that one at least; failovers within a cluster do not raise it, so that one
 * that was lost does not overtake its successor by them.
 */
export class Claims {
  readonly #options: ClaimsOptions;
  /** Undefined while this cluster is not the primary. */
  #timeline: number | undefined;
  #promotedTo: number | undefined;
  #replicated: number | undefined;
  #demotedAt: string;
  /** By zone. */
  readonly #rivals: Map<string, Claim>;

  constructor(options: ClaimsOptions) {
    this.#options = options;
    const { promotedTo, replicated, demotedAt, rivals } = decode(options.memory);
    this.#promotedTo = promotedTo;
    this.#replicated = replicated;
    this.#demotedAt = demotedAt;
    this.#rivals = rivals;
  }

  /** The one that goes before this cluster. */
  get rival(): Claim | undefined {
    return [...this.#rivals.values()].toSorted((one, other) => other.timeline - one.timeline).at(0);
  }

  nameIn(zone: string): string {
    return claimName(this.#options.follower, zone);
  }

  /**
   * This cluster is the primary of its topology, by what it knows itself, and on this timeline. `demotedAt`: when it was
   * demoted last, in whatever form; empty when it never was. It may have been while nobody observed it.
   */
  lead(timeline: number, demotedAt = ''): void {
    if (demotedAt !== this.#demotedAt) {
      this.#demotedAt = demotedAt;
      this.#forgetPromotion(undefined);
    }
    this.#timeline = timeline;
    // The operator reports the new timeline some time after the promotion.
    if (this.#replicated !== undefined && timeline > this.#replicated) this.#fixPromotion(timeline);
  }

  /** It replicates from another one, and has this timeline: what it may claim next comes of a later promotion. */
  standBy(timeline: number): void {
    this.#timeline = undefined;
    if (this.#replicated === timeline && this.#promotedTo === undefined && this.#rivals.size === 0) return;
    this.#forgetPromotion(timeline);
  }

  /** What the provider of `zone` shows there now. */
  observe(zone: string, found: TextSet | undefined): Claim | undefined {
    const other = found && latestOfOthers(found.values, this.#options.owner);
    this.#note(zone, other !== undefined && this.#goesBefore(other) ? other : undefined);
    return other;
  }

  /** Of two of the same timeline, who has the zone keeps it. */
  #goesBefore(other: Claim): boolean {
    if (this.#timeline === undefined) return false;
    if (this.#promotedTo !== undefined) return other.timeline >= this.#promotedTo;
    return other.timeline > this.#timeline;
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
    if (this.#timeline === undefined) throw refused(zone, `${owner} is not the primary`);
    const other = this.observe(zone, found);
    const timeline = this.#promotedTo ?? this.#timeline;
    const isKnown = this.#promotedTo !== undefined || this.#replicated === undefined;
    if (other !== undefined && (!isKnown || other.timeline >= timeline)) {
      throw refused(zone, `${describeClaim(other)}, and ${owner} was promoted to timeline ${timeline}`);
    }
    const at = { name: this.nameIn(zone), ttl };
    const changes = claimChanges({ owner, site, timeline, epoch }, found, at);
    if (changes.length === 0) this.#fixPromotion(timeline);
    return changes;
  }

  /** The provider has accepted what {@link changes} gave. */
  accepted(): void {
    if (this.#timeline !== undefined) this.#fixPromotion(this.#timeline);
  }

  #fixPromotion(timeline: number): void {
    if (this.#promotedTo !== undefined) return;
    this.#promotedTo = timeline;
    this.#store();
  }

  #forgetPromotion(replicated: number | undefined): void {
    this.#promotedTo = undefined;
    this.#replicated = replicated;
    this.#rivals.clear();
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
    const rivals = [...this.#rivals].map(([zone, claim]) => [zone, formatClaim(claim)]);
    this.#options.onChange({
      promotedTo: this.#promotedTo,
      replicated: this.#replicated,
      demotedAt: this.#demotedAt,
      rivals: Object.fromEntries(rivals),
    });
  }
}

function decode(memory: unknown) {
  const { rivals, ...rest } = MEMORY.parse(memory);
  const claims = Object.entries(rivals).flatMap(([zone, text]) => {
    const claim = parseClaim(text);
    return claim === undefined ? [] : [[zone, claim] as const];
  });
  return { ...rest, rivals: new Map(claims) };
}

const MEMORY = z
  .object({
    promotedTo: z.number().optional(),
    replicated: z.number().optional(),
    demotedAt: z.string(),
    rivals: z.record(z.string(), z.string()),
  })
  .catch({ demotedAt: '', rivals: {} });

/** For a sentence. */
export function describeClaim({ owner, site, timeline }: Claim): string {
  return `${owner} in ${site} has claimed the records on timeline ${timeline}`;
}

function refused(zone: string, why: string): DnsError {
  return new DnsError(`zone ${zone}: ${why}: its records stay as they are`, {
    kind: 'refused',
    code: 'claimed',
    action:
      'Demote the one that shall not be the primary. Where the claim is of a cluster that is gone for good, remove its TXT record.',
  });
}
