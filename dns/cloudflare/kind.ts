import { apiUrl, secret } from '../../settings/fields.ts';
import { Setting } from '../../settings/settings.ts';
import { dnsProviderKind, type Ready } from '../provider-kind.ts';

const settings = {
  apiToken: new Setting(
    'CLOUDFLARE_API_TOKEN',
    'text',
    // What an HTTP header can carry; a token is 40 of these.
    secret('must be an API token (not a global API key)', (text) => /^[\w-]{20,200}$/.test(text)).optional(),
    'API token with the permissions Zone:Read and DNS:Edit for the zones of the records.',
    { secret: true },
  ),
  apiUrl: new Setting(
    'CLOUDFLARE_API_URL',
    'text',
    apiUrl().default('https://api.cloudflare.com/client/v4'),
    'Address of the API.',
  ),
};

export type CloudflareConfig = Ready<typeof settings, 'apiToken'>;

export const CLOUDFLARE = dnsProviderKind({
  name: 'cloudflare',
  meaning: 'Cloudflare DNS, by its API v4. Proxied records stay proxied.',
  settings,
  required: ['apiToken'],
  // The Enterprise plan takes 30; others refuse what is below 60, and say so.
  traits: { ttl: [30, 86_400], flattensCname: true },
  async create(config, ports) {
    const [{ CloudflareApi }, { CloudflareProvider }] = await Promise.all([
      import('./api.ts'),
      import('./provider.ts'),
    ]);
    return new CloudflareProvider(new CloudflareApi(config, ports), ports.clock);
  },
});
