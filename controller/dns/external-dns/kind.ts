import type { Right } from '../../../runtime/rights.ts';
import { namespace } from '../../config/fields.ts';
import { Setting } from '../../config/settings.ts';
import { dnsProviderKind, type Ready } from '../provider-kind.ts';
import { DNS_ENDPOINTS } from './dns-endpoint.ts';

const settings = {
  namespace: new Setting(
    'EXTERNAL_DNS_NAMESPACE',
    'text',
    namespace().optional(),
    'Namespace of the DNSEndpoint objects; not set: that of the controller.',
  ),
};

export type ExternalDnsConfig = Ready<typeof settings, never>;

export const EXTERNAL_DNS = dnsProviderKind({
  name: 'external-dns',
  meaning: 'ExternalDNS, by a DNSEndpoint object: all of its providers. It needs `--source=crd`.',
  settings,
  required: [],
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
