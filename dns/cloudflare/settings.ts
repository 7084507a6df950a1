import { apiUrl, secret } from '../../settings/fields.ts';
import { Setting } from '../../settings/settings.ts';
import type { Ready } from '../provider-kind.ts';

export const SETTINGS = {
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

export type CloudflareConfig = Ready<typeof SETTINGS, 'apiToken'>;
