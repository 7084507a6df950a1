import type { Right } from '../runtime/rights.ts';
import type { Checked, Choice } from '../settings/settings.ts';
import { CLOUDFLARE } from './cloudflare/kind.ts';
import type { DnsCommon } from './common.ts';
import { EXTERNAL_DNS } from './external-dns/kind.ts';
import { NAMECHEAP } from './namecheap/kind.ts';
import type { DnsProvider } from './provider.ts';
import type { DnsPorts, DnsProviderRow } from './provider-kind.ts';
import { MAX_TTL } from './records.ts';
import { RFC2136 } from './rfc2136/kind.ts';
import { ROUTE53 } from './route53/kind.ts';
import { WEBHOOK } from './webhook/kind.ts';
import type { DnsName } from './zones.ts';

const NONE = {
  name: 'none',
  meaning: 'No records are changed.',
  settings: {},
  traits: { ttl: [0, MAX_TTL] },
} as const;

/** One row per provider. The first is what is used when records are listed and nothing else is said. */
export const DNS_PROVIDERS = [NAMECHEAP, CLOUDFLARE, ROUTE53, RFC2136, EXTERNAL_DNS, WEBHOOK, NONE] as const;

/** One record set and its provider; one member for each row but `none`. */
export type DnsConfig = Exclude<AnyDnsConfig, { readonly provider: 'none' }>;
export type AnyDnsConfig = Checked<{
  it: Choice<'provider', typeof DNS_PROVIDERS, DnsCommon>;
}>['it'];

/** Loads the provider: the code of one that is not configured is never run. */
export async function createProvider(config: DnsConfig, ports: DnsPorts): Promise<DnsProvider> {
  const row = rowOf(config);
  if (row.create === undefined) throw new Error(`no DNS provider is named ${config.provider}`);
  // Rows have no type in common but this: what was read by the row's own settings is given back to the row.
  return row.create(settingsOf(config), ports);
}

/** What the controller has to be allowed to do in the cluster for the provider; `own` is its namespace. */
export function rightsOfProvider(config: DnsConfig, own: string): readonly Right[] {
  return rowOf(config).rights?.(settingsOf(config), own, config.records) ?? [];
}

/** The records with the zones in which the provider keeps them. */
export function inZonesOf(provider: unknown, records: readonly DnsName[]): readonly DnsName[] {
  const { zoneOf } = rowNamed(provider);
  return zoneOf === undefined ? records : records.map(({ name, zone }) => ({ name, zone: zoneOf(zone) }));
}

function rowOf(config: DnsConfig): Partial<DnsProviderRow> {
  return rowNamed(config.provider);
}

function rowNamed(provider: unknown): Partial<DnsProviderRow> {
  const rows: readonly Partial<DnsProviderRow>[] = DNS_PROVIDERS;
  return rows.find(({ name }) => name === provider) ?? {};
}

function settingsOf(config: DnsConfig): never {
  return (config as Readonly<Record<string, unknown>>)[config.provider] as never;
}

/** Whether the provider shows and writes TXT records together with those that follow. */
export function keepsTexts(provider: DnsConfig['provider']): boolean {
  const row = DNS_PROVIDERS.find(({ name }) => name === provider);
  return row !== undefined && 'keepsOwners' in row.traits;
}
