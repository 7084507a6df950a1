import { ownedTypes } from '../../dns/desired.ts';
import { Ownership, ownerNameProblem } from '../../dns/follower/ownership.ts';
import type { DnsTraits } from '../../dns/provider-kind.ts';
import { MAX_TTL, type RecordType } from '../../dns/records.ts';
import { type AnyDnsConfig, inZonesOf, type ProviderName, TRAITS } from '../../dns/registry.ts';
import { type DnsName, hostInZone } from '../../dns/zones.ts';
import type { PartlyValid } from '../../settings/parse.ts';
import type { Site } from '../../settings/site.ts';

type Entry = PartlyValid<AnyDnsConfig>;
/** `path` is the place below the list of record sets. */
type Report = (path: readonly (string | number)[], got: unknown, problem: string) => void;

/** What no single DNS setting shows: they have to fit each other and the sites. */
export function checkDns(
  entries: readonly Entry[],
  sites: readonly Site[] | undefined,
  report: Report,
): void {
  const names = new Set<string>();
  for (const [index, entry] of entries.entries()) {
    const { records, provider, ttl } = entry;
    if (records?.length === 0 || provider === 'none') continue;
    const reportAt = (path: readonly string[], got: unknown, problem: string) =>
      report([index, ...path], got, problem);
    const name = entry.name ?? provider ?? '';
    if (names.has(name))
      reportAt(['name'], name, 'must differ from that of the other record sets: give each a name');
    names.add(name);
    // With a wrong provider nothing is known of its settings.
    const traits: DnsTraits = provider === undefined ? { ttl: [0, MAX_TTL] } : TRAITS[provider];
    const [least, most] = traits.ttl;
    if (ttl !== undefined && (ttl < least || ttl > most))
      reportAt(['ttl'], ttl, `must be from ${least} to ${most}: ${provider} takes no other`);
    const zoned = provider === undefined ? (records ?? []) : inZonesOf(provider, records ?? []);
    for (const site of sites ?? []) {
      const problem = siteProblem(site, zoned, traits.flattensCname === true);
      const listed = records?.map((record) => record.name).join(',');
      if (problem !== undefined) reportAt(['records'], listed, problem);
    }
    for (const { path, got, problem } of ownerProblems(entry, traits, ownedTypes(sites ?? [])))
      reportAt(path, got, problem);
    if (provider !== undefined) checkProvider(provider, entry, reportAt);
  }
}

function checkProvider(
  provider: ProviderName,
  entry: Entry & { readonly [key: string]: unknown },
  reportAt: (path: readonly string[], got: unknown, problem: string) => void,
): void {
  const { required = [], check } = TRAITS[provider];
  const own = entry[provider] as Readonly<Record<string, unknown>>;
  for (const key of required) {
    if (own[key] !== undefined) continue;
    const problem = `is required because records are listed and the provider is ${provider}`;
    reportAt([provider, key], undefined, problem);
  }
  const report = (key: string, got: unknown, problem: string) => reportAt([provider, key], got, problem);
  check?.(own, { records: entry.records, report });
}

interface OwnerProblem {
  readonly path: readonly string[];
  readonly got: unknown;
  readonly problem: string;
}

function ownerProblems(
  { provider, owner, records = [] }: Entry,
  traits: DnsTraits,
  types: Iterable<RecordType>,
): readonly OwnerProblem[] {
  const { id, prefix = '', suffix = '', wildcard = '', adopt = false } = owner;
  if (id === undefined) {
    const isOwnerMeant = adopt || [prefix, suffix, wildcard].some((text) => text !== '');
    const problem =
      'is required beside the other settings of the owner: without it no owner is written, nor asked for';
    return isOwnerMeant ? [{ path: ['owner', 'id'], got: undefined, problem }] : [];
  }
  if (traits.keepsTexts !== true) {
    const able = Object.entries(TRAITS).flatMap(([name, { keepsTexts }]) => (keepsTexts ? [name] : []));
    const problem = `must be left out: ${provider ?? ''} keeps none beside its records, only ${able.join(', ')} do`;
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
  for (const { name, zone } of records) {
    for (const type of types) {
      const at = ownership.nameOf({ name, type });
      const wrong = ownerNameProblem(at, zone);
      if (wrong === undefined) continue;
      const isOutside = hostInZone(at, zone) === undefined;
      const advice = isOutside
        ? 'with %{record_type}. it is within'
        : 'shorten it, or take the name off the records';
      const problem = `puts the owner of ${name} ${wrong}: ${advice}`;
      return [{ path: ['owner', 'prefix'], got: prefix, problem }];
    }
  }
  return [];
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
