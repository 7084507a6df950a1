import { dnsProviderKind } from '../provider-kind.ts';
import { MAX_TTL } from '../records.ts';
import { SETTINGS } from './settings.ts';

export const WEBHOOK = dnsProviderKind({
  name: 'webhook',
  meaning: 'Any provider that is made for ExternalDNS’s webhook protocol, without ExternalDNS.',
  settings: SETTINGS,
  required: [],
  traits: { ttl: [1, MAX_TTL], keepsOwners: true },
  async create(config, ports) {
    const [{ WebhookApi }, { WebhookProvider }] = await Promise.all([
      import('./api.ts'),
      import('./provider.ts'),
    ]);
    return new WebhookProvider(new WebhookApi(config, ports), ports.clock);
  },
});
