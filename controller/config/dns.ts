import type { DnsName } from '../dns/zones.ts';
import type { Site } from '../sites.ts';
import type { DnsConfig } from './model.ts';
import type { FOLLOWER } from './schema.ts';
import type { Checked, Values } from './settings.ts';

/** Tells a problem by the path of its setting under `dns`, and the value it got. */
export type ReportDns = (path: readonly string[], got: unknown, problem: string) => void;

/** What no single DNS setting shows: they have to fit each other and the sites. */
export function checkDns(
  { provider, records, namecheap }: Values<typeof FOLLOWER>['dns'],
  sites: readonly Site[] | undefined,
  report: ReportDns,
): void {
  if (records?.length === 0 || provider === 'none') return;
  for (const site of sites ?? []) {
    const problem = siteProblem(site, records ?? []);
    if (problem !== undefined) report(['records'], records?.map(({ name }) => name).join(','), problem);
  }
  if (provider !== 'namecheap') return;
  const why = 'is required because records are listed and the provider is namecheap';
  if (namecheap.apiUser === undefined) report(['namecheap', 'apiUser'], undefined, why);
  if (namecheap.apiKey === undefined) report(['namecheap', 'apiKey'], undefined, why);
}

function siteProblem({ name: site, ip, ipv6, cname }: Site, records: readonly DnsName[]): string | undefined {
  if (cname === undefined) {
    const reachable = ip !== undefined || ipv6 !== undefined;
    return reachable ? undefined : `cannot follow to site "${site}", which has no "ip", "ipv6" or "cname"`;
  }
  const apex = records.find(({ name, zone }) => name === zone);
  // RFC 1034 section 3.6.2: a CNAME stands alone, and the top of a zone always has SOA and NS records.
  if (apex !== undefined) {
    return `has ${apex.name}, the top of its zone, where the "cname" of site "${site}" cannot stand`;
  }
  const loop = records.find(({ name }) => name === cname);
  return loop && `has ${loop.name}, which is itself the "cname" of site "${site}"`;
}

/** Undefined where {@link checkDns} reports a problem. */
export function dnsConfig({
  provider,
  records,
  ttl,
  namecheap,
}: Checked<typeof FOLLOWER>['dns']): DnsConfig | undefined {
  if (provider === 'none' || records.length === 0) return { provider: 'none' };
  const { apiUser, apiKey, clientIp, apiUrl } = namecheap;
  if (apiUser === undefined || apiKey === undefined) return undefined;
  return { provider, records, ttl, namecheap: { apiUser, apiKey, clientIp, apiUrl } };
}
