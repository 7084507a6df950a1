/** What a cluster of a topology remembers of promotions and claims, in the section `claim` of its report. Anybody can edit that. */
import * as z from 'zod';
import { recordOf } from '../../runtime/first-problem.ts';
import { type Claim, formatClaim, parseClaim } from './claim.ts';

export interface ClaimMemory {
  /** The timeline to which the last promotion of this cluster led; absent when it was demoted, or that is not known yet. */
  readonly promotedTo?: number | undefined;
  /** The Cluster that was seen as the primary since it was demoted last, whether the timeline of that is known or not. */
  readonly primary?: string | undefined;
  /** The instance that was promoted. */
  readonly promoted?: string | undefined;
  /** The timeline that it had as a replica. */
  readonly replicated?: number | undefined;
  /** The Cluster that had it. */
  readonly replica?: string | undefined;
  readonly demotedAt: string;
  /** By zone, the texts of the claims for which it stands by. */
  readonly rivals: Readonly<Record<string, string>>;
  /** By zone, the texts of its own; for people. */
  readonly made: Readonly<Record<string, string>>;
}

/** Nothing is remembered where it is malformed. */
export function decodeClaimMemory(memory: unknown) {
  const { rivals, made, promotedTo, promoted: instance, ...rest } = MEMORY.parse(memory);
  const promotion = promotedTo === undefined ? undefined : { timeline: promotedTo, instance };
  return { ...rest, promotion, rivals: claims(rivals), made: claims(made) };
}

/** Of the rivals by zone the one that was promoted last. */
export function firstRival(rivals: ReadonlyMap<string, Claim>): Claim | undefined {
  return [...rivals.values()].toSorted((one, other) => other.timeline - one.timeline).at(0);
}

function claims(texts: Readonly<Record<string, string>>): Map<string, Claim> {
  const found = Object.entries(texts).flatMap(([zone, text]) => {
    const claim = parseClaim(text);
    return claim === undefined ? [] : [[zone, claim] as const];
  });
  return new Map(found);
}

export function claimTexts(claims: ReadonlyMap<string, Claim>): Readonly<Record<string, string>> {
  return Object.fromEntries([...claims].map(([zone, claim]) => [zone, formatClaim(claim)]));
}

const MEMORY = z
  .object({
    promotedTo: z.number().optional(),
    primary: z.string().optional(),
    promoted: z.string().optional(),
    replicated: z.number().optional(),
    replica: z.string().optional(),
    demotedAt: z.string(),
    rivals: recordOf(z.string()),
    made: recordOf(z.string()).catch({}), // Older versions wrote none.
  })
  .catch({ demotedAt: '', rivals: {}, made: {} });
