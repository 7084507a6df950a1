import { dnsProviderKind } from '../provider-kind.ts';
import { SETTINGS } from './settings.ts';

export const CLOUDFLARE = dnsProviderKind({
  name: 'cloudflare',
  meaning: 'Cloudflare DNS, by its API v4. Proxied records stay proxied.',
  settings: SETTINGS,
  required: ['apiToken'],
  // The Enterprise plan takes 30; others refuse what is below 60, and say so.
  traits: { ttl: [30, 86_400], flattensCname: true, keepsOwners: true },
  async create(config, ports) {
    const [{ CloudflareApi }, { CloudflareProvider }] = await Promise.all([
      import('./api.ts'),
      import('./provider.ts'),
    ]);
    return new CloudflareProvider(new CloudflareApi(config, ports), ports.clock);
  },
});
