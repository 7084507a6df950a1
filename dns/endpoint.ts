/** Records as ExternalDNS writes them, in DNSEndpoint objects and in its webhook protocol. Pure. */
import { canonicalName } from './domain-name.ts';
import { ofEach } from './name-errors.ts';
import { assertPlannedFor, subjectOf } from './planned.ts';
import { DnsError } from './provider.ts';
import { setsAmong } from './record-sets.ts';
import { othersAmong } from './record-types.ts';
import { ANY_TTL, type Change, type OtherRecords, type RecordSet, type WrittenType } from './records.ts';
import { quotedText } from './text-value.ts';

/** ExternalDNS's Endpoint; its schema demands no field. What is not known here is kept. */
export interface Endpoint {
  readonly dnsName?: string | undefined;
  readonly recordType?: string | undefined;
  readonly targets?: readonly string[] | null | undefined;
  /** Seconds; 0 or absent: the provider decides. */
  readonly recordTTL?: number | undefined;
  /** Tells the records of one name and type apart that a routing policy chooses between. */
  readonly setIdentifier?: string | undefined;
  readonly providerSpecific?: readonly { readonly name: string; readonly value: string }[] | null | undefined;
}

/** What becomes of the endpoints of one name and type. */
export interface Edit<E extends Endpoint = Endpoint> {
  readonly before: readonly E[];
  /** Undefined: they go. */
  readonly after: E | undefined;
}

/** The A, AAAA, CNAME and TXT sets. One of a routing policy is shown as something that equals nothing desired. */
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

/** Its provider answers with addresses of its own, and passes on what comes there: only Cloudflare's is known by its name. */
export function isProxied({ providerSpecific }: Endpoint): boolean {
  return (providerSpecific ?? []).some(
    ({ name, value }) => /\bcloudflare-proxied$/.test(name) && value === 'true',
  );
}

/** All others. */
export function otherRecords(endpoints: readonly Endpoint[]): readonly OtherRecords[] {
  const records = endpoints.map((endpoint) => ({
    name: nameOf(endpoint),
    type: endpoint.recordType ?? '',
  }));
  return othersAmong(records.filter(({ type }) => type !== ''));
}

/**
 * What has to be done to the endpoints. One that is there keeps all but its targets and TTL. Throws DnsError when they
 * are not what the changes were planned for, or are not ours to change.
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
    const after = { dnsName: name, recordType: type, ...before[0], targets, recordTTL: ttl };
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
  return new DnsError(`${name} ${type} is part of a routing policy, which is not replaced`, {
    kind: 'refused',
    code: 'special',
    action: `Remove its set identifier, or take ${name} off the records.`,
    names: [name],
  });
}
