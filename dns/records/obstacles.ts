/** Finds records that cannot exist, before anything is written. Pure. */
import { nameError } from '../errors.ts';
import { setAt } from '../plan.ts';
import type { DnsError } from '../provider.ts';
import type { Current, OtherRecords, RecordSet } from '../records.ts';
import { namesUpTo } from '../zones.ts';

/** What the server of a signed zone keeps beside every record; it vanishes with the record. */
const MADE_BY_SIGNING: ReadonlySet<string> = new Set(['RRSIG', 'NSEC', 'NSEC3']);

export interface ZoneTraits {
  readonly zone: string;
  readonly flattensCname: boolean;
}

/** The names whose desired sets cannot be written, with the reason. */
export function obstacles(
  desired: readonly RecordSet[],
  { sets, others }: Current,
  { zone, flattensCname }: ZoneTraits,
): ReadonlyMap<string, DnsError> {
  const cuts = new Set(
    others.filter(({ type, name }) => type === 'NS' && name !== zone).map(({ name }) => name),
  );
  const typesAt = (name: string) =>
    new Set(
      others
        .filter((other) => other.name === name && !MADE_BY_SIGNING.has(other.type))
        .map(({ type }) => type),
    );
  // If there is a CNAME already, the provider allows it.
  const isNew = (name: string) => setAt(sets, { name, type: 'CNAME' }) === undefined;
  const found = new Map<string, DnsError>();
  for (const { name, type } of desired) {
    const cut = delegationOf(name, zone, cuts);
    const redirection = redirectionOf(name, others);
    if (cut !== undefined) found.set(name, delegated(name, zone, cut));
    else if (redirection !== undefined) found.set(name, redirected(name, redirection));
    if (found.has(name) || type !== 'CNAME' || flattensCname || !isNew(name)) continue;
    const types = [...typesAt(name)];
    if (name === zone) found.set(name, cnameAtApex(name));
    else if (types.length > 0) found.set(name, cnameBeside(name, types));
  }
  return found;
}

/** The highest delegation. */
function delegationOf(name: string, zone: string, cuts: ReadonlySet<string>): string | undefined {
  return namesUpTo(zone, name).findLast((above) => cuts.has(above));
}

/** The highest DNAME above the name; one at the name itself redirects only what is below. */
function redirectionOf(name: string, others: readonly OtherRecords[]): string | undefined {
  return others
    .filter((other) => other.type === 'DNAME' && name.endsWith(`.${other.name}`))
    .map((other) => other.name)
    .toSorted((one, other) => one.length - other.length)[0];
}

/** RFC 6672 section 2.4: a DNAME hides what is below it. */
function redirected(name: string, at: string): DnsError {
  return nameError(name, {
    kind: 'config',
    code: 'redirected',
    message: `${at} has a DNAME record, which leads all names below it elsewhere, so nobody would see ${name} here`,
    action: `Follow the name that the DNAME record of ${at} leads to instead, with the provider that has its zone, or remove that record.`,
  });
}

/** RFC 1034 section 4.2.1: records at or below a delegation are not part of the zone, and no resolver sees them. */
function delegated(name: string, zone: string, cut: string): DnsError {
  return nameError(name, {
    kind: 'config',
    code: 'delegated',
    message: `${zone} delegates ${cut} to a zone of its own (NS records), so nobody would see ${name} in ${zone}`,
    action: `Write ${name}@${cut} in the records, with the provider that has the zone ${cut}.`,
  });
}

/** RFC 1034 section 3.6.2: nothing else may be beside a CNAME. */
export function cnameBeside(name: string, types: readonly string[]): DnsError {
  return nameError(name, {
    kind: 'refused',
    code: 'cname-beside',
    message: `${name} has ${types.join(', ')} records, and a CNAME cannot stand beside others: it stays as it is`,
    action: `Give the site an "ip" instead of a "cname", or remove the ${types.join(', ')} records of ${name}.`,
  });
}

function cnameAtApex(name: string): DnsError {
  return nameError(name, {
    kind: 'config',
    code: 'cname-at-apex',
    message: `${name} is the top of its zone, which has SOA and NS records: this provider takes no CNAME there`,
    action: `Give the site an "ip" instead of a "cname", or take ${name} off the records.`,
  });
}
