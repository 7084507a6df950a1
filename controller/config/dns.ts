import { isIP } from 'node:net';
import * as z from 'zod';
import { MAX_TTL } from '../dns/provider.ts';
import type { DnsTraits } from '../dns/provider-kind.ts';
import { type AnyDnsConfig, DNS_PROVIDERS, type DnsConfig, inZonesOf } from '../dns/registry.ts';
import { formatServer, parseServer } from '../dns/server-address.ts';
import { type DnsName, parseRecords } from '../dns/zones.ts';
import type { Site } from '../sites.ts';
import { matching, whole } from './fields.ts';
import { below, keyAt, type Source, sourcesOf } from './reading.ts';
import { type Checked, Choice, Setting, Several, type Values } from './settings.ts';

/** What every record set has, whatever its provider. */
const COMMON = {
  name: new Setting(
    '',
    'text',
    matching(
      /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/,
      'must be 1 to 32 lower-case letters, digits and "-"',
    ).optional(),
    'Name of the record set in report and metrics; the provider’s name when not set.',
  ),
  records: new Setting(
    'DNS_RECORDS',
    'list',
    recordNames().default([]),
    'Comma-separated names that follow the active site; `name@zone` states the zone; not stated, it is the longest that the provider has, or what was registered. No names: no DNS.',
  ),
  ttl: new Setting(
    'DNS_TTL',
    'number',
    whole(0, MAX_TTL).default(60),
    'Seconds that resolvers may keep the records; as few as the provider takes.',
  ),
  nameServers: new Setting(
    'DNS_NAME_SERVERS',
    'list',
    nameServers().default([]),
    'Comma-separated addresses of name servers, with a port if it is not 53, that are asked whether a change is visible; for zones that are not delegated publicly. When not set: those that the zone is delegated to.',
  ),
};

export type DnsCommon = typeof COMMON;

export const DNS = new Several(
  new Choice('provider', DNS_PROVIDERS, {
    variable: 'DNS_PROVIDER',
    meaning: 'Where the records are.',
    common: COMMON,
  }),
);

type Entries = Values<{ readonly dns: typeof DNS }>['dns'];
type Report = (finding: { readonly key: string; readonly got: unknown; readonly problem: string }) => void;

/** What no single DNS setting shows: they have to fit each other and the sites. `source` is that of the follower. */
export function checkDns(
  entries: Entries,
  source: Source,
  sites: readonly Site[] | undefined,
  report: Report,
): void {
  // What is wrong with the list itself is told where it is read.
  const sources = sourcesOf(DNS, { ...below(source, 'dns'), report: () => undefined });
  const names = new Set<string>();
  for (const [index, at] of sources.entries()) {
    const entry = entries[index];
    if (entry === undefined || entry.records?.length === 0 || entry.provider === 'none') continue;
    const { records, provider } = entry;
    // With a wrong provider nothing is known of its settings.
    const option = provider === undefined ? undefined : DNS.choice.option(provider);
    const tree = DNS.choice.tree(option);
    const reportAt = (path: readonly string[], got: unknown, problem: string) =>
      report({ key: keyAt(tree, at, path), got, problem });
    const name = entry.name ?? option?.name ?? '';
    if (names.has(name))
      reportAt(['name'], name, 'must differ from that of the other record sets: give each a name');
    names.add(name);
    const traits: DnsTraits | undefined = DNS_PROVIDERS.find(({ name }) => name === provider)?.traits;
    const [least, most] = traits?.ttl ?? [0, MAX_TTL];
    const { ttl } = entry;
    if (ttl !== undefined && (ttl < least || ttl > most))
      reportAt(['ttl'], ttl, `must be from ${least} to ${most}: ${option?.name} takes no other`);
    for (const site of sites ?? []) {
      const problem = siteProblem(site, inZonesOf(provider, records ?? []), traits?.flattensCname === true);
      const listed = records?.map((record) => record.name).join(',');
      if (problem !== undefined) reportAt(['records'], listed, problem);
    }
    option?.check?.(entry as never, { sites, report: reportAt });
  }
}

function siteProblem(
  { name: site, ip, ipv6, cname }: Site,
  records: readonly DnsName[],
  flattensCname: boolean,
): string | undefined {
  if (cname === undefined) {
    const reachable = ip !== undefined || ipv6 !== undefined;
    return reachable ? undefined : `cannot follow to site "${site}", which has no "ip", "ipv6" or "cname"`;
  }
  const apex = records.find(({ name, zone }) => name === zone);
  // RFC 1034 section 3.6.2: a CNAME stands alone, and the top of a zone always has SOA and NS records.
  if (apex !== undefined && !flattensCname) {
    return `has ${apex.name}, the top of its zone, where the "cname" of site "${site}" cannot stand`;
  }
  const loop = records.find(({ name }) => name === cname);
  return loop && `has ${loop.name}, which is itself the "cname" of site "${site}"`;
}

/** Those that have something to do. Only where {@link checkDns} reported nothing. */
export function dnsConfig(entries: Checked<{ readonly dns: typeof DNS }>['dns']): readonly DnsConfig[] {
  const isUsed = (entry: AnyDnsConfig): entry is DnsConfig =>
    entry.provider !== 'none' && entry.records.length > 0;
  return entries
    .filter(isUsed)
    .map((entry) => ({ ...entry, records: inZonesOf(entry.provider, entry.records) }));
}

function recordNames() {
  return z
    .array(z.string('must be a DNS name'), 'must be a list of DNS names')
    .transform((items, context): readonly DnsName[] => {
      const { records, problems } = parseRecords(items);
      for (const { record, problem } of problems) {
        const index = items.findIndex((item) => item.trim() === record);
        context.addIssue({ code: 'custom', path: [index], message: problem });
      }
      return records;
    });
}

function nameServers() {
  const problem = 'must be the address of a name server, with a port if it is not 53, such as 192.0.2.53';
  return z.array(
    z.string(problem).transform((text, context) => {
      const address = parseServer(text);
      if (address !== undefined && isIP(address.host) !== 0) return formatServer(address);
      context.addIssue(problem);
      return z.NEVER;
    }),
    'must be a list of addresses',
  );
}
