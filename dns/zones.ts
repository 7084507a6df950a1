import { isIP } from 'node:net';
import { parse } from 'tldts';
import { canonicalName } from './records/domain-name.ts';

/** A name that follows the active site, and its zone. Both lower-case, without trailing dot. */
export interface DnsName {
  readonly name: string;
  readonly zone: string;
  /** The user has stated the zone; else it is the registered domain by the public suffix list. */
  readonly isStated?: true;
}

/** Reads on from the record: `"localhost" has no zone: …`. */
export interface RecordProblem {
  readonly record: string;
  readonly problem: string;
}

/**
 * Reads `name` or `name@zone` items. Every name is fully qualified (`app.example.com`); `@zone` is for zones that the
 * public suffix list cannot know. Duplicates count once.
 */
export function parseRecords(items: readonly string[]): {
  readonly records: readonly DnsName[];
  readonly problems: readonly RecordProblem[];
} {
  const records = new Map<string, DnsName>();
  const problems: RecordProblem[] = [];
  for (const record of items.map((item) => item.trim()).filter((item) => item !== '')) {
    const parsed = parseRecord(record);
    const twin = typeof parsed === 'string' ? undefined : records.get(parsed.name);
    if (typeof parsed === 'string') problems.push({ record, problem: parsed });
    else if (twin === undefined || (twin.zone === parsed.zone && parsed.isStated === true))
      records.set(parsed.name, parsed);
    else if (twin.zone !== parsed.zone)
      problems.push({ record, problem: `is listed in zone ${twin.zone} as well` });
  }
  return { records: [...records.values()], problems };
}

/** The record, or what is wrong with it. */
function parseRecord(text: string): DnsName | string {
  const [left = '', right, ...more] = text.split('@');
  if (more.length > 0) return 'has more than one "@": write name@zone';
  const name = canonicalName(left);
  const problem = nameProblem(name);
  if (problem !== undefined) return problem;
  if (right === undefined) return findZone(name);
  const zone = canonicalName(right);
  if (zone.startsWith('*') || nameProblem(zone) !== undefined) return `has no valid zone after the "@"`;
  if (isTopLevelDomain(zone)) return `has the zone "${zone}", which is a top-level domain`;
  if (hostInZone(name, zone) === undefined) {
    return `is not in the zone ${zone}: write the full name, such as ${name}.${zone}@${zone}`;
  }
  return { name, zone, isStated: true };
}

/** A single label that is no public suffix, such as `lan` or `internal`, can be a private zone. */
export function isTopLevelDomain(zone: string): boolean {
  return !zone.includes('.') && parse(`x.${zone}`, { validateHostname: false }).isIcann === true;
}

/** Only the ICANN section counts: names are registered below its suffixes. */
function findZone(name: string): DnsName | string {
  const { domain, isIcann, publicSuffix } = parse(name, {
    allowPrivateDomains: false,
    validateHostname: false,
  });
  if (isIcann && domain !== null && !domain.startsWith('*')) return { name, zone: domain };
  if (isIcann && name === publicSuffix) return 'is a public suffix and no name of yours: it has no zone';
  return 'has no zone that the public suffix list knows: write name@zone';
}

/**
 * The registered domain of the record. Some suffixes in the private section of the public suffix list are sold by
 * registrars, such as uk.com; the owner of such a suffix has to state it as the zone.
 */
export function registeredDomain({ name, zone, isStated }: DnsName): string {
  const { domain } = parse(isStated === true ? zone : name, {
    allowPrivateDomains: true,
    validateHostname: false,
  });
  return domain === null || domain.startsWith('*') ? zone : domain;
}

/** A lower-case name such as `ns1.example.com` or `key`. */
export function isDnsName(name: string): boolean {
  return nameProblem(name) === undefined && !name.startsWith('*');
}

function nameProblem(name: string): string | undefined {
  if (name === '') return 'is no DNS name';
  if (isIP(name) !== 0) return 'is an address and no name';
  if (name.length > 253) return 'is longer than 253 characters';
  const labels = name.split('.');
  const [first, ...rest] = labels;
  const checked = first === '*' && rest.length > 0 ? rest : labels;
  if (checked.includes('*')) return 'may have "*" only as its first label';
  const wrong = checked.find((label) => !/^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));
  return wrong === undefined
    ? undefined
    : `has the label "${wrong}": a label has 1 to 63 of a-z, 0-9, "-" and "_"`;
}

/** `app.example.com` in `example.com` is `app`, the apex is `@`; undefined when the name is not in the zone. */
export function hostInZone(name: string, zone: string): string | undefined {
  if (name === zone) return '@';
  return name.endsWith(`.${zone}`) ? name.slice(0, -zone.length - 1) : undefined;
}

/** `name` and the names above it, below the top of `zone`; the longest first. */
export function namesUpTo(zone: string, name: string): readonly string[] {
  const names: string[] = [];
  for (let at = name; at !== zone && at.endsWith(`.${zone}`); at = at.slice(at.indexOf('.') + 1))
    names.push(at);
  return names;
}

/** The longest of `zones` that `name` is in. */
export function longestZone(name: string, zones: readonly string[]): string | undefined {
  return zones
    .filter((zone) => hostInZone(name, zone) !== undefined)
    .toSorted((one, other) => other.length - one.length)[0];
}

/** Records that may get into the same zone form a group: those whose zones are below one another. */
export function groupsOfZones(records: readonly DnsName[]): readonly (readonly DnsName[])[] {
  const zones = [...new Set(records.map(({ zone }) => zone))];
  const highest = (zone: string) =>
    zones
      .filter((other) => hostInZone(zone, other) !== undefined)
      .toSorted((one, other) => one.length - other.length)[0];
  const tops = new Map(zones.map((zone) => [zone, highest(zone)]));
  return [...Map.groupBy(records, ({ zone }) => tops.get(zone)).values()];
}

/** The reverse of {@link hostInZone}. */
export function nameInZone(host: string, zone: string): string {
  return host === '@' ? zone : `${host}.${zone}`;
}

/** Names by zone, in the order they were listed. */
export function byZone(records: readonly DnsName[]): ReadonlyMap<string, readonly string[]> {
  const zones = [...Map.groupBy(records, ({ zone }) => zone)];
  return new Map(zones.map(([zone, own]) => [zone, own.map(({ name }) => name)]));
}
