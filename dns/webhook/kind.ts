import { apiUrl } from '../../settings/fields.ts';
import { Setting } from '../../settings/settings.ts';
import { MAX_TTL } from '../provider.ts';
import { dnsProviderKind, type Ready } from '../provider-kind.ts';

const settings = {
  url: new Setting(
    'DNS_WEBHOOK_URL',
    'text',
    apiUrl().default('http://localhost:8888'),
    'Address of the provider; beside the controller in its pod by default.',
  ),
};

export type WebhookConfig = Ready<typeof settings, never>;

export const WEBHOOK = dnsProviderKind({
  name: 'webhook',
  meaning: 'Any provider that is made for ExternalDNS’s webhook protocol, without ExternalDNS.',
  settings,
  required: [],
  traits: { ttl: [1, MAX_TTL] },
  async create(config, ports) {
    const [{ WebhookApi }, { WebhookProvider }] = await Promise.all([
      import('./api.ts'),
      import('./provider.ts'),
    ]);
    return new WebhookProvider(new WebhookApi(config, ports), ports.clock);
  },
});
