import { COMMON } from '../../dns/common.ts';
import { Ownership } from '../../dns/ownership.ts';
import type { DnsTraits } from '../../dns/provider-kind.ts';
import { RECORD_TYPES } from '../../dns/record-types.ts';
import { MAX_TTL } from '../../dns/records.ts';
import { type AnyDnsConfig, DNS_PROVIDERS, type DnsConfig, inZonesOf } from '../../dns/registry.ts';
import { type DnsName, hostInZone } from '../../dns/zones.ts';
import { below, keyAt, type Source, sourcesOf } from '../../settings/reading.ts';
import { type Checked, Choice, Several, type Values } from '../../settings/settings.ts';
import type { Site } from '../../settings/site.ts';

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
    for (const { path, got, problem } of ownerProblems(entry, traits, option?.name ?? ''))
      reportAt(path, got, problem);
    option?.check?.(entry as never, { sites, report: reportAt });
  }
}

interface OwnerProblem {
  readonly path: readonly string[];
  readonly got: unknown;
  readonly problem: string;
}

function ownerProblems(
  { owner, records = [] }: Entries[number],
  traits: DnsTraits | undefined,
  provider: string,
): readonly OwnerProblem[] {
  const { id, prefix = '', suffix = '', wildcard = '', adopt = false } = owner;
  if (id === undefined) return [];
  if (traits?.keepsOwners !== true) {
    const able = DNS_PROVIDERS.filter((row) => 'keepsOwners' in row.traits).map(({ name }) => name);
    const problem = `must be left out: ${provider} keeps none beside its records, only ${able.join(', ')} do`;
    return [{ path: ['owner', 'id'], got: id, problem }];
  }
  if (prefix !== '' && suffix !== '')
    return [
      {
        path: ['owner', 'suffix'],
        got: suffix,
        problem: 'must be left out beside a prefix, as with ExternalDNS',
      },
    ];
  const ownership = new Ownership({ id, prefix, suffix, wildcard, adopt });
  const outside = records.find(({ name, zone }) =>
    RECORD_TYPES.some((type) => hostInZone(ownership.nameOf({ name, type }), zone) === undefined),
  );
  if (outside === undefined) return [];
  const problem = `puts the owner of ${outside.name} outside of the zone ${outside.zone}: with %{record_type}. it is within`;
  return [{ path: ['owner', 'prefix'], got: prefix, problem }];
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
