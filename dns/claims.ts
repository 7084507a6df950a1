import { type Claim, claimChanges, claimName, latestOfOthers } from './claim.ts';
import { DnsError } from './provider.ts';
import type { Change, TextSet } from './records.ts';

export interface ClaimsOptions {
  /** Of this cluster in its topology. */
  readonly owner: string;
  readonly site: string;
  readonly follower: string;
  /** Whether it had its own claim in a zone, and has not stood by since: from before a restart. */
  readonly hadClaim: boolean;
  /** `hadClaim`, for the next start. */
  readonly onClaim: (has: boolean) => void;
  /** Another cluster goes before this one, or no longer does. */
  readonly onRival: () => void;
}

/**
 * One cluster's part in an agreement among clusters that cannot see each other: whoever finds the claim of one that was
 * promoted later stands by. Later is a higher timeline. One that has had the claim itself stands by for whoever has taken
 * it since, whatever timeline its own failovers have led to meanwhile: it has not been promoted after that one.
 */
export class Claims {
  readonly #options: ClaimsOptions;
  /** Undefined while this cluster is not the primary. */
  #timeline: number | undefined;
  #hadClaim: boolean;
  /** By zone. */
  readonly #rivals = new Map<string, Claim>();

  constructor(options: ClaimsOptions) {
    this.#options = options;
    this.#hadClaim = options.hadClaim;
  }

  /** The one that goes before this cluster. */
  get rival(): Claim | undefined {
    return [...this.#rivals.values()].toSorted((one, other) => other.timeline - one.timeline).at(0);
  }

  nameIn(zone: string): string {
    return claimName(this.#options.follower, zone);
  }

  /** This cluster is the primary of its topology, by what it knows itself. */
  lead(timeline: number): void {
    this.#timeline = timeline;
  }

  /** It is not, and says so itself: what it may claim next comes of a later promotion. */
  standBy(): void {
    this.#timeline = undefined;
    this.#rivals.clear();
    this.#noteClaim(false);
  }

  /**
   * What has to be written before any other record of `zone`, by what its provider shows. Throws DnsError where another
   * cluster goes before this one, or may.
   */
  changes(zone: string, found: TextSet | undefined, { epoch, ttl }: { epoch: number; ttl: number }) {
    const { owner, site } = this.#options;
    const timeline = this.#timeline;
    const other = found && latestOfOthers(found.values, owner);
    if (timeline === undefined) throw refused(zone, `${owner} is not the primary`);
    this.#note(
      zone,
      other !== undefined && (this.#hadClaim || other.timeline > timeline) ? other : undefined,
    );
    if (other !== undefined && (this.#hadClaim || other.timeline >= timeline)) {
      throw refused(zone, `${told(other)}, and ${owner} is on timeline ${timeline}`);
    }
    const changes: readonly Change<'TXT'>[] = claimChanges({ owner, site, timeline, epoch }, found, {
      name: this.nameIn(zone),
      ttl,
    });
    if (changes.length === 0) this.#noteClaim(true);
    return changes;
  }

  /** The provider has accepted what {@link changes} gave. */
  accepted(): void {
    this.#noteClaim(true);
  }

  /**
   * What name servers of `zone` say. It may be older than what the provider shows, so a claim that this cluster has replaced
   * counts only by its timeline.
   */
  hear(zone: string, texts: readonly string[]): void {
    if (this.#timeline === undefined) return;
    const other = latestOfOthers(texts, this.#options.owner);
    const isKnown = this.#rivals.has(zone);
    const goesBefore =
      other !== undefined && (other.timeline > this.#timeline || (isKnown && this.#hadClaim));
    this.#note(zone, goesBefore ? other : undefined);
  }

  #note(zone: string, rival: Claim | undefined): void {
    const before = this.#rivals.get(zone);
    if (rival === undefined) this.#rivals.delete(zone);
    else this.#rivals.set(zone, rival);
    if (before?.owner !== rival?.owner || before?.timeline !== rival?.timeline) this.#options.onRival();
  }

  #noteClaim(has: boolean): void {
    if (this.#hadClaim === has) return;
    this.#hadClaim = has;
    this.#options.onClaim(has);
  }
}

/** For a sentence. */
export function told({ owner, site, timeline }: Claim): string {
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
