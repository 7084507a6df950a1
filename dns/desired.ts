import type { Site } from '../settings/site.ts';
import { DnsError } from './provider.ts';
import type { RecordSet, RecordType } from './records.ts';

/**
 * The record types that follow the active site. Records of a type that no site has are the user's: they stay, unless they
 * cannot be beside the desired ones.
 */
export function ownedTypes(sites: readonly Site[]): ReadonlySet<RecordType> {
  return new Set(sites.flatMap((site) => addresses(site).map(([type]) => type)));
}

/** The record sets of `names` while `site` is active. Throws DnsError if the site has no address. */
export function desiredSets(site: Site, names: readonly string[], ttl: number): readonly RecordSet[] {
  const targets = addresses(site);
  if (targets.length === 0 && names.length > 0) {
    throw new DnsError(`site ${site.name} has no address to publish, so its DNS records stay as they are`, {
      kind: 'config',
      action: `Give site ${site.name} an "ip", "ipv6" or "cname".`,
    });
  }
  return names.flatMap((name) => targets.map(([type, value]) => ({ name, type, ttl, values: [value] })));
}

function addresses(site: Site): readonly (readonly [RecordType, string])[] {
  const { cname, ip, ipv6 } = site;
  if (cname !== undefined) return [['CNAME', cname]];
  const list: [RecordType, string][] = [];
  if (ip !== undefined) list.push(['A', ip]);
  if (ipv6 !== undefined) list.push(['AAAA', ipv6]);
  return list;
}
