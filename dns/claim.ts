/**
 * Which of several clusters that cannot see each other writes a zone: said in a TXT record there, one for each zone and
 * follower. Pure.
 */
import type { Change, TextSet } from './records.ts';

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

const VERSION = 'site-follower1';

/** Where the claim on `zone` is. */
export function claimName(follower: string, zone: string): string {
  return `_${follower}._site-follower.${zone}`;
}

export function formatClaim({ owner, site, timeline, epoch }: Claim): string {
  return `v=${VERSION}; owner=${owner}; site=${site}; timeline=${timeline}; epoch=${epoch}`;
}

/** Undefined when the text is something else, or no claim that could have been written here. */
export function parseClaim(text: string): Claim | undefined {
  const fields = new Map(text.split(';').map((part) => split(part)));
  const owner = fields.get('owner') ?? '';
  const timeline = wholeNumber(fields.get('timeline'));
  const epoch = wholeNumber(fields.get('epoch'));
  if (fields.get('v') !== VERSION || owner === '' || timeline === undefined || epoch === undefined)
    return undefined;
  return { owner, site: fields.get('site') ?? '', timeline, epoch };
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
  return texts
    .flatMap((text) => parseClaim(text) ?? [])
    .filter((claim) => claim.owner !== owner)
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
