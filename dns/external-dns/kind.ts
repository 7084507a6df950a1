import type { Right } from '../../runtime/rights.ts';
import { dnsProviderKind } from '../provider-kind.ts';
import { MAX_TTL } from '../records.ts';
import { DNS_ENDPOINTS } from './dns-endpoint.ts';
import { SETTINGS } from './settings.ts';

export const EXTERNAL_DNS = dnsProviderKind({
  name: 'external-dns',
  meaning: 'ExternalDNS, by a DNSEndpoint object: all of its providers. It needs `--source=crd`.',
  settings: SETTINGS,
  required: [],
  traits: { ttl: [1, MAX_TTL] },
  rights: (config, own) => externalDnsRights(config.namespace ?? own),
  async create(config, { api, follower, namespace: own }) {
    const { ExternalDnsProvider } = await import('./provider.ts');
    return new ExternalDnsProvider(api, config.namespace ?? own, follower);
  },
});

/** In the namespace of the objects. */
export function externalDnsRights(namespace: string): readonly Right[] {
  const reason =
    'Has ExternalDNS make the records. Server-side apply is a patch, and a creation where there is none.';
  const { group, plural: resource } = DNS_ENDPOINTS;
  return [{ namespace, group, resource, verbs: ['get', 'create', 'patch'], reason }];
}
