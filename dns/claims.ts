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
  /** It had its own claim in a zone, and has not stood by since. */
  readonly hadClaim: boolean;
  readonly demotedAt: string;
  /** By zone, the texts of the claims for which it stands by. */
  readonly rivals: Readonly<Record<string, string>>;
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
  #demotedAt: string;
  /** By zone. */
  readonly #rivals: Map<string, Claim>;

  constructor(options: ClaimsOptions) {
    this.#options = options;
    const { hadClaim, demotedAt, rivals } = decode(options.memory);
    this.#hadClaim = hadClaim;
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
   * This cluster is the primary of its topology, by what it knows itself. `demotedAt`: when it was demoted last, in whatever
   * form; empty when it never was. It may have been while nobody looked.
   */
  lead(timeline: number, demotedAt = ''): void {
    if (demotedAt !== this.#demotedAt) {
      this.standBy();
      this.#demotedAt = demotedAt;
      this.#store();
    }
    this.#timeline = timeline;
  }

  /** It is not, and says so itself: what it may claim next comes of a later promotion. */
  standBy(): void {
    this.#timeline = undefined;
    if (!this.#hadClaim && this.#rivals.size === 0) return;
    this.#hadClaim = false;
    this.#rivals.clear();
    this.#store();
  }

  /** What the provider of `zone` shows there now. */
  see(zone: string, found: TextSet | undefined): Claim | undefined {
    const other = found && latestOfOthers(found.values, this.#options.owner);
    const timeline = this.#timeline ?? Number.POSITIVE_INFINITY;
    const goesBefore = other !== undefined && (this.#hadClaim || other.timeline > timeline);
    this.#note(zone, goesBefore ? other : undefined);
    return other;
  }

  /**
   * What has to be written before any other record of `zone`, by what its provider shows. Throws DnsError where another
   * cluster goes before this one, or may: it does not while its timeline is the same.
   */
  changes(zone: string, found: TextSet | undefined, { epoch, ttl }: { epoch: number; ttl: number }) {
    const { owner, site } = this.#options;
    const timeline = this.#timeline;
    if (timeline === undefined) throw refused(zone, `${owner} is not the primary`);
    const other = this.see(zone, found);
    if (other !== undefined && (this.#rivals.has(zone) || other.timeline === timeline)) {
      throw refused(zone, `${told(other)}, and ${owner} is on timeline ${timeline}`);
    }
    const at = { name: this.nameIn(zone), ttl };
    const changes: readonly Change<'TXT'>[] = claimChanges({ owner, site, timeline, epoch }, found, at);
    if (changes.length === 0) this.#noteClaim();
    return changes;
  }

  /** The provider has accepted what {@link changes} gave. */
  accepted(): void {
    this.#noteClaim();
  }

  #note(zone: string, rival: Claim | undefined): void {
    const before = this.#rivals.get(zone);
    if (rival === undefined) this.#rivals.delete(zone);
    else this.#rivals.set(zone, rival);
    if (before?.owner === rival?.owner && before?.timeline === rival?.timeline) return;
    this.#store();
    this.#options.onRival();
  }

  #noteClaim(): void {
    if (this.#hadClaim) return;
    this.#hadClaim = true;
    this.#store();
  }

  #store(): void {
    const rivals = [...this.#rivals].map(([zone, claim]) => [zone, formatClaim(claim)]);
    this.#options.onChange({
      hadClaim: this.#hadClaim,
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
  .object({ hadClaim: z.boolean(), demotedAt: z.string(), rivals: z.record(z.string(), z.string()) })
  .catch({ hadClaim: false, demotedAt: '', rivals: {} });

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
