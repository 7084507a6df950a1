import type * as z from 'zod';
import type { Permission } from '../../../runtime/rights.ts';
import type { ConfiguredProvider, DnsTraits } from '../../provider-kind.ts';
import { MAX_TTL } from '../../records.ts';
import { DNS_ENDPOINTS } from './dns-endpoint.ts';
import type { EXTERNAL_DNS } from './settings.ts';

export { EXTERNAL_DNS } from './settings.ts';

export const EXTERNAL_DNS_TRAITS: DnsTraits = { ttl: [1, MAX_TTL] };

export function externalDns(config: z.output<typeof EXTERNAL_DNS>): ConfiguredProvider {
  const { namespace } = config['external-dns'];
  return {
    rights: (own) => externalDnsRights(namespace ?? own),
    async create({ api, follower, namespace: own }) {
      const { ExternalDnsProvider } = await import('./provider.ts');
      return new ExternalDnsProvider(api, namespace ?? own, follower, own);
    },
  };
}

/** `namespace`: of the objects. */
export function externalDnsRights(namespace: string): readonly Permission[] {
  const reason =
    'Has ExternalDNS make the records. Server-side apply is a patch, and a creation where there is none. The list finds objects in which a name was before.';
  const { group, plural: resource } = DNS_ENDPOINTS;
  return [{ namespace, group, resource, verbs: ['get', 'list', 'create', 'patch'], reason }];
}
