import { canonicalValue, setAt } from '../../plan.ts';
import { assertPlannedFor, subjectOf } from '../../planned.ts';
import { DnsError } from '../../provider.ts';
import { canonicalName } from '../../records/domain-name.ts';
import { setsAmong } from '../../records/record-sets.ts';
import { isFollowing, othersAmong } from '../../records/record-types.ts';
import { plainText } from '../../records/text-value.ts';
import type { Change, OtherRecords, RecordSet, WrittenType } from '../../records.ts';
import { hostInZone, nameInZone } from '../../zones.ts';
import type { Host, HostList } from './api.ts';

/** What the API shows for a record whose TTL is "automatic". */
const AUTOMATIC_TTL = '1799';
const POINTS_TO_NAME = new Set(['CNAME', 'ALIAS', 'NS', 'MX']);

/** Throws unless this is the whole truth about `zone` and a write would be served. */
export function assertServed(zone: string, list: HostList): void {
  if (list.domain !== zone) {
    throw refused(
      `asked for the zone ${zone}, Namecheap answered about ${list.domain || 'no domain'}`,
      'Look for a proxy or cache between.',
    );
  }
  if (!list.isUsingOurDns) {
    throw refused(
      `${zone} does not use Namecheap's name servers, so a record written there is seen by nobody`,
      'Point the domain to Namecheap BasicDNS or PremiumDNS, or choose the DNS_PROVIDER that serves it.',
    );
  }
}

/** The A, AAAA, CNAME and TXT record sets. A disabled record is not served, so it does not count. */
export function recordSets(zone: string, hosts: readonly Host[]): readonly RecordSet<WrittenType>[] {
  return setsAmong(
    hosts
      .filter(({ isActive }) => isActive)
      .map((host) => ({
        name: fullName(host, zone),
        type: host.type,
        ttl: Number(ttlOf(host)),
        values: [host.address],
      })),
  );
}

/** All other records that are switched on. */
export function otherRecords(zone: string, hosts: readonly Host[]): readonly OtherRecords[] {
  const active = hosts.filter(({ isActive }) => isActive);
  return othersAmong(active.map((host) => ({ name: fullName(host, zone), type: host.type })));
}

/**
 * The zone's full list with `changes` made and every other record as it was, in its place.
 * Throws a DnsError of kind `conflict` when the zone is no longer what the changes were planned for.
 */
export function mergeHosts(
  zone: string,
  hosts: readonly Host[],
  changes: readonly Change<WrittenType>[],
): readonly Host[] {
  return changes.reduce((list, change) => {
    const subject = subjectOf(change);
    assertPlannedFor(setAt(recordSets(zone, list), subject), change);
    const isTarget = touches(zone, change);
    const rest = list.filter((host) => !isTarget(host));
    if (change.action === 'delete') return rest;
    const before = list.find(isTarget);
    const left = setAt(recordSets(zone, rest), subject)?.values ?? [];
    const added = change.desired.values.filter((value) => !left.includes(value));
    const put = added.map((value) => newHost(zone, change.desired, value, before));
    if (before === undefined) return [...rest, ...put];
    const place = list.indexOf(before);
    return [...rest.slice(0, place), ...put, ...rest.slice(place)];
  }, hosts);
}

/** The hosts that a change names. Of texts at one name those that stay belong to somebody else. */
export function touches(zone: string, change: Change<WrittenType>): (host: Host) => boolean {
  const { name, type } = subjectOf(change);
  const hostName = hostInZone(name, zone);
  const before = 'current' in change ? change.current.values : [];
  const after = 'desired' in change ? change.desired.values : [];
  const stays = ({ address }: Host) =>
    type === 'TXT' && before.includes(plainText(address)) && after.includes(plainText(address));
  return (host) => canonicalName(host.name) === hostName && host.type === type && !stays(host);
}

function newHost(zone: string, set: RecordSet<WrittenType>, value: string, before: Host | undefined): Host {
  const name = hostInZone(set.name, zone);
  if (name === undefined) throw new Error(`${set.name} is not in the zone ${zone}`);
  const host = { name, type: set.type, mxPref: '10', isActive: true, isDdnsEnabled: false, ...before };
  return { ...host, address: value, ttl: String(set.ttl) };
}

/** A form in which two records are equal when the API treats them as equal. */
function identity({ name, type, address, mxPref, ttl, isActive, isDdnsEnabled }: Host): string {
  const target = POINTS_TO_NAME.has(type) || type === 'AAAA' ? canonicalValue(address) : address;
  const preference = type === 'MX' ? mxPref : '';
  return JSON.stringify([
    canonicalName(name),
    type,
    target,
    preference,
    ttlOf({ ttl }),
    isActive,
    isDdnsEnabled,
  ]);
}

export function sameHosts(one: readonly Host[], other: readonly Host[]): boolean {
  return one.length === other.length && missingHosts(one, other).length === 0;
}

export type ZoneContent = Pick<HostList, 'hosts' | 'emailType'>;

/**
 * What `shown` has too little or too much after `changes` were sent as `sent`, as ends of a sentence about the zone.
 * A record that somebody added elsewhere meanwhile is no difference.
 */
export function compareZones(
  zone: string,
  sent: ZoneContent,
  shown: ZoneContent,
  changes: readonly Change<WrittenType>[],
): readonly string[] {
  const subjects = changes.map(subjectOf);
  const isOurs = (host: Host) =>
    subjects.some(
      ({ name, type }) =>
        name === fullName(host, zone) && (type === 'TXT' ? host.type === 'TXT' : isFollowing(host.type)),
    );
  return [
    ...missingHosts(sent.hosts, shown.hosts).map((host) => `lacks ${describeHost(host, zone)}`),
    ...missingHosts(shown.hosts.filter(isOurs), sent.hosts).map(
      (host) => `still has ${describeHost(host, zone)}`,
    ),
    ...(sent.emailType === shown.emailType
      ? []
      : [`has the mail setting ${shown.emailType} for ${sent.emailType}`]),
  ];
}

/** What is in `desired` and not in `there`, counting repetitions. */
function missingHosts(desired: readonly Host[], there: readonly Host[]): readonly Host[] {
  const counts = new Map<string, number>();
  for (const host of there) counts.set(identity(host), (counts.get(identity(host)) ?? 0) + 1);
  return desired.filter((host) => {
    const left = counts.get(identity(host)) ?? 0;
    counts.set(identity(host), left - 1);
    return left <= 0;
  });
}

function ttlOf({ ttl }: Pick<Host, 'ttl'>): string {
  return ttl === '' || ttl === '0' ? AUTOMATIC_TTL : ttl;
}

/** As it has to be sent: an MX target without its dot is silently not saved, a TTL of 0 not accepted. */
export function sendable(host: Host): Host {
  const address = host.type === 'MX' && !host.address.endsWith('.') ? `${host.address}.` : host.address;
  return { ...host, address, ttl: ttlOf(host) };
}

export function fullName({ name }: Pick<Host, 'name'>, zone: string): string {
  return nameInZone(canonicalName(name), zone);
}

export function describeHost({ name, type, address }: Host, zone: string): string {
  const shown = address.length > 40 ? `${address.slice(0, 40)}…` : address;
  return `${nameInZone(name, zone)} ${type} ${shown}`;
}

export function refused(message: string, action: string): DnsError {
  return new DnsError(message, { kind: 'refused', action, scope: 'zone' });
}
