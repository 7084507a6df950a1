/** ExternalDNS's form of records, in DNSEndpoint objects and its webhook protocol. Pure. */

import { nameError } from '../errors.ts';
import { assertPlannedFor, subjectOf } from '../planned.ts';
import type { DnsError } from '../provider.ts';
import { ANY_TTL, type Change, type OtherRecords, type RecordSet, type WrittenType } from '../records.ts';
import { canonicalName } from './domain-name.ts';
import { ofEach } from './name-errors.ts';
import { setsAmong } from './record-sets.ts';
import { othersAmong } from './record-types.ts';
import { quotedText } from './text-value.ts';

/** ExternalDNS's Endpoint; its schema requires no field. Unknown fields are kept. */
export interface Endpoint {
  readonly dnsName?: string | undefined;
  readonly recordType?: string | undefined;
  readonly targets?: readonly string[] | null | undefined;
  /** Seconds; 0 or absent: the provider decides. */
  readonly recordTTL?: number | undefined;
  /** Distinguishes the records of a routing policy. */
  readonly setIdentifier?: string | undefined;
  readonly providerSpecific?: readonly { readonly name: string; readonly value: string }[] | null | undefined;
}

/** The change of the endpoints of one name and type. */
export interface Edit<E extends Endpoint = Endpoint> {
  readonly before: readonly E[];
  /** Undefined: they are deleted. */
  readonly after: E | undefined;
}

/** The A, AAAA, CNAME and TXT sets. */
export function recordSets(endpoints: readonly Endpoint[]): readonly RecordSet<WrittenType>[] {
  return setsAmong(
    endpoints.map((endpoint) => ({
      name: nameOf(endpoint),
      type: endpoint.recordType ?? '',
      ttl: endpoint.recordTTL || ANY_TTL,
      values: endpoint.targets ?? [],
      special: isSpecial(endpoint) ? 'part of a routing policy' : undefined,
    })),
  );
}

/** Whether the name resolves to a proxy of the provider. Only Cloudflare's property is known. */
export function isProxied(endpoint: Endpoint): boolean {
  return proxying(endpoint).length > 0;
}

function proxying({ providerSpecific }: Endpoint): NonNullable<Endpoint['providerSpecific']> {
  return (providerSpecific ?? []).filter(
    ({ name, value }) => /\bcloudflare-proxied$/.test(name) && value === 'true',
  );
}

/** Records of other types. */
export function otherRecords(endpoints: readonly Endpoint[]): readonly OtherRecords[] {
  const records = endpoints.map((endpoint) => ({
    name: nameOf(endpoint),
    type: endpoint.recordType ?? '',
  }));
  return othersAmong(records.filter(({ type }) => type !== ''));
}

/**
 * An existing endpoint keeps everything but its targets and TTL, and a new one is proxied where its name is. Throws DnsError if the endpoints are not those that the
 * changes were planned for, or belong to a routing policy.
 */
export function editsOf<E extends Endpoint>(
  endpoints: readonly E[],
  changes: readonly Change<WrittenType>[],
): readonly Edit<E | Endpoint>[] {
  return ofEach(changes, (change) => {
    const { name, type } = subjectOf(change);
    const before = endpoints.filter((each) => each.recordType === type && nameOf(each) === name);
    assertPlannedFor(recordSets(before)[0], change);
    if (before.some(isSpecial)) throw specialError(name, type);
    if (change.action === 'delete') return { before, after: undefined };
    const { ttl, values } = change.desired;
    const targets = type === 'TXT' ? values.map(quotedText) : values;
    // Without it a new record of a proxied name would show the origin.
    const [proxied] =
      type === 'TXT' ? [] : endpoints.filter((each) => nameOf(each) === name).flatMap(proxying);
    const kept = before[0] ?? (proxied && { providerSpecific: [proxied] });
    const after = { dnsName: name, recordType: type, ...kept, targets, recordTTL: ttl };
    return { before, after };
  });
}

export function nameOf({ dnsName = '' }: Endpoint): string {
  return canonicalName(dnsName);
}

function isSpecial({ setIdentifier = '' }: Endpoint): boolean {
  return setIdentifier !== '';
}

function specialError(name: string, type: string): DnsError {
  return nameError(name, {
    kind: 'refused',
    code: 'special',
    message: `${name} ${type} is part of a routing policy, which is not replaced`,
    action: `Remove its set identifier, or take ${name} off the records.`,
  });
}
