import * as z from 'zod';
import type { Permission } from '../runtime/rights.ts';
import { COMMON } from './common.ts';
import type { DnsProvider } from './provider.ts';
import type { ConfiguredProvider, DnsPorts, DnsTraits } from './provider-kind.ts';
import { CLOUDFLARE, CLOUDFLARE_TRAITS, cloudflare } from './providers/cloudflare/kind.ts';
import { EXTERNAL_DNS, EXTERNAL_DNS_TRAITS, externalDns } from './providers/external-dns/kind.ts';
import { NAMECHEAP, NAMECHEAP_TRAITS, namecheap } from './providers/namecheap/kind.ts';
import { RFC2136, RFC2136_TRAITS, rfc2136 } from './providers/rfc2136/kind.ts';
import { ROUTE53, ROUTE53_TRAITS, route53 } from './providers/route53/kind.ts';
import { WEBHOOK, WEBHOOK_TRAITS, webhook } from './providers/webhook/kind.ts';
import { MAX_TTL } from './records.ts';
import type { DnsName } from './zones.ts';

const NONE = z
  .object({ provider: z.literal('none'), ...COMMON })
  .meta({ description: 'No records are changed.' });

/** One row per provider. */
const ROWS = [
  NAMECHEAP, // The default once records are listed.
  CLOUDFLARE,
  ROUTE53,
  RFC2136,
  EXTERNAL_DNS,
  WEBHOOK,
  NONE,
] as const;

export const DNS_PROVIDERS = z
  .discriminatedUnion('provider', ROWS)
  .meta({ env: 'DNS_PROVIDER', description: 'Where the records are.' });

/** One record set and its provider. */
export type AnyDnsConfig = z.output<typeof DNS_PROVIDERS>;
export type DnsConfig = Exclude<AnyDnsConfig, { readonly provider: 'none' }>;
export type ProviderName = DnsConfig['provider'];

export const TRAITS: Readonly<Record<ProviderName | 'none', DnsTraits>> = {
  namecheap: NAMECHEAP_TRAITS,
  cloudflare: CLOUDFLARE_TRAITS,
  route53: ROUTE53_TRAITS,
  rfc2136: RFC2136_TRAITS,
  'external-dns': EXTERNAL_DNS_TRAITS,
  webhook: WEBHOOK_TRAITS,
  none: { ttl: [0, MAX_TTL] },
};

export const PROVIDER_NAMES: readonly ProviderName[] = DNS_PROVIDERS.options
  .map(({ shape }) => shape.provider.value)
  .filter((name) => name !== 'none');

function configuredProvider(config: DnsConfig): ConfiguredProvider {
  switch (config.provider) {
    case 'namecheap':
      return namecheap(config);
    case 'cloudflare':
      return cloudflare(config);
    case 'route53':
      return route53(config);
    case 'rfc2136':
      return rfc2136(config);
    case 'external-dns':
      return externalDns(config);
    case 'webhook':
      return webhook(config);
  }
}

/** Loads the provider; the code of the others is never run. */
export async function createProvider(config: DnsConfig, ports: DnsPorts): Promise<DnsProvider> {
  return await configuredProvider(config).create(ports);
}

/** Permissions that the controller needs for the provider; `own` is its namespace. */
export function rightsOfProvider(config: DnsConfig, own: string): readonly Permission[] {
  return configuredProvider(config).rights?.(own) ?? [];
}

export function keepsTexts(provider: ProviderName): boolean {
  return TRAITS[provider].keepsTexts === true;
}

/** The records with the zones in which the provider keeps them. */
export function inZonesOf(provider: ProviderName | 'none', records: readonly DnsName[]): readonly DnsName[] {
  const { zoneOf } = TRAITS[provider];
  return zoneOf === undefined
    ? records
    : records.map((record) => ({ name: record.name, zone: zoneOf(record) }));
}

/** Those with records, of a valid configuration. */
export function dnsInUse(entries: readonly AnyDnsConfig[]): readonly DnsConfig[] {
  const isUsed = (entry: AnyDnsConfig): entry is DnsConfig =>
    entry.provider !== 'none' && entry.records.length > 0;
  return entries
    .filter(isUsed)
    .map((entry) => ({ ...entry, records: inZonesOf(entry.provider, entry.records) }));
}
