/**
 * Which of several clusters that cannot see each other writes a zone: said in a TXT record there, one for each zone and
 * follower. Pure.
 */
import { isObjectName } from '../../runtime/object-names.ts';
import type { Change, TextSet } from '../records.ts';

export interface Claim {
  /** The name of the cluster in its topology. */
  readonly owner: string;
  /** Of the owner; for people. */
  readonly site: string;
  /** Of PostgreSQL: it rises with each promotion, so that of two promoted clusters the later one has the higher. */
  readonly timeline: number;
  /** Of the owner's own status; for people. */
  readonly epoch: number;
}

/** What the cluster here says of itself. */
export interface OwnTimeline {
  /** Another text for one that was made anew under the same name. */
  readonly cluster: string;
  readonly timeline: number;
  /**
   * Names the instance that is on it, and when it came to be the first one. While that is the same, a higher timeline is no
   * other one: PostgreSQL reports a new one only after its first checkpoint there, and the operator some time later.
   */
  readonly instance: string;
  /** When it was demoted last, in whatever form; empty when it never was. It may have been while nobody observed it. */
  readonly demotedAt: string;
}

const VERSION = 'site-follower1';
/** Of 32 bits. Source: PostgreSQL, src/include/access/xlogdefs.h, TimeLineID. */
const HIGHEST_TIMELINE = 2 ** 32 - 1;
/** Of a site. */
const LONGEST_NAME = 63;

/** Where the claim on `zone` is. */
export function claimName(follower: string, zone: string): string {
  return `_${follower}._site-follower.${zone}`;
}

export function formatClaim({ owner, site, timeline, epoch }: Claim): string {
  return `v=${VERSION}; owner=${owner}; site=${site}; timeline=${timeline}; epoch=${epoch}`;
}

/** For a sentence. */
export function describeClaim({ owner, site, timeline }: Claim): string {
  const on = timeline > 0 ? ` on timeline ${timeline}` : '';
  return `${owner} in ${site} has claimed the records${on}`;
}

/** Undefined when the text is something else, or no claim that could have been written here. */
export function parseClaim(text: string): Claim | undefined {
  const fields = new Map(text.split(';').map((part) => split(part)));
  const { owner = '', site = '', ...others } = Object.fromEntries(fields);
  const timeline = wholeNumber(others.timeline);
  const epoch = wholeNumber(others.epoch);
  if (others.v !== VERSION || timeline === undefined || epoch === undefined) return undefined;
  // The owner becomes the active site of whoever reads this.
  const isOurs = isObjectName(owner) && site.length <= LONGEST_NAME && timeline <= HIGHEST_TIMELINE;
  return isOurs ? { owner, site, timeline, epoch } : undefined;
}

function split(part: string): readonly [string, string] {
  const at = part.indexOf('=');
  return at < 0 ? [part.trim(), ''] : [part.slice(0, at).trim(), part.slice(at + 1).trim()];
}

function wholeNumber(text = ''): number | undefined {
  return /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}

/** The latest claim of anybody but `owner`; where a provider cannot compare and set, two may have been written at once. */
export function latestOfOthers(texts: readonly string[], owner: string): Claim | undefined {
  return latest(texts, (claim) => claim.owner !== owner);
}

export function latestOf(texts: readonly string[], owner: string): Claim | undefined {
  return latest(texts, (claim) => claim.owner === owner);
}

function latest(texts: readonly string[], isWanted: (claim: Claim) => boolean): Claim | undefined {
  return texts
    .flatMap((text) => parseClaim(text) ?? [])
    .filter(isWanted)
    .toSorted((one, other) => other.timeline - one.timeline || (one.owner < other.owner ? -1 : 1))
    .at(0);
}

/** What makes `claim` the only one of `found`; nothing where it is. Texts that are no claims stay. */
export function claimChanges(
  claim: Claim,
  found: TextSet | undefined,
  { name, ttl }: { readonly name: string; readonly ttl: number },
): readonly Change<'TXT'>[] {
  const text = formatClaim(claim);
  if (found === undefined) return [{ action: 'create', desired: { name, type: 'TXT', ttl, values: [text] } }];
  const others = found.values.filter((value) => parseClaim(value) === undefined);
  if (others.length === found.values.length - 1 && found.values.includes(text)) return [];
  return [{ action: 'update', current: found, desired: { ...found, values: [text, ...others] } }];
}
