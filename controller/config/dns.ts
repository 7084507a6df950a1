import type { DnsConfig } from '../config.ts';
import type { Site } from '../sites.ts';
import type { FOLLOWER } from './schema.ts';
import type { Checked, Values } from './settings.ts';

type DnsValues = Values<typeof FOLLOWER>['dns'];

/** Tells a problem by the path of its setting under `dns`, and the value it got. */
export type ReportDns = (path: readonly string[], got: unknown, problem: string) => void;

/** What no single DNS setting shows: they have to fit each other and the sites. */
export function checkDns(dns: DnsValues, sites: readonly Site[] | undefined, report: ReportDns): void {
  const records = dns.records ?? [];
  if (records.length === 0 || dns.provider === 'none') return;
  for (const site of sites ?? []) {
    if (site.ip !== undefined || site.ipv6 !== undefined || site.cname !== undefined) continue;
    report(
      ['records'],
      records.join(','),
      `cannot follow to site "${site.name}", which has no "ip", "ipv6" or "cname"`,
    );
  }
  if (dns.provider !== 'namecheap') return;
  const why = 'is required because records are listed and the provider is namecheap';
  if (dns.namecheap.apiUser === undefined) report(['namecheap', 'apiUser'], undefined, why);
  if (dns.namecheap.apiKey === undefined) report(['namecheap', 'apiKey'], undefined, why);
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
