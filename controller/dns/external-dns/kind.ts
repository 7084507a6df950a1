import { namespace } from '../../config/fields.ts';
import { Setting } from '../../config/settings.ts';
import { dnsProviderKind, type Ready } from '../provider-kind.ts';

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
  async create(config, { api, follower, namespace: own }) {
    const { ExternalDnsProvider } = await import('./provider.ts');
    return new ExternalDnsProvider(api, config.namespace ?? own, follower);
  },
});
