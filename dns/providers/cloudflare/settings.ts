import * as z from 'zod';
import { apiUrl, secret } from '../../../settings/fields.ts';
import { COMMON } from '../../common.ts';
import type { Ready } from '../../provider-kind.ts';

const SETTINGS = z.object({
  apiToken: // What an HTTP header can carry; a token is 40 of these.
    secret('must be an API token (not a global API key)', (text) => /^[\w-]{20,200}$/.test(text))
      .optional()
      .meta({
        env: 'CLOUDFLARE_API_TOKEN',
        description: 'API token with the permissions Zone:Read and DNS:Edit for the zones of the records.',
        secret: true,
      }),
  apiUrl: apiUrl()
    .default('https://api.cloudflare.com/client/v4')
    .meta({ env: 'CLOUDFLARE_API_URL', description: 'Address of the API.' }),
});

export const CLOUDFLARE = z
  .object({ provider: z.literal('cloudflare'), ...COMMON, cloudflare: SETTINGS })
  .meta({ description: 'Cloudflare DNS, by its API v4. Proxied records stay proxied.' });

export type CloudflareConfig = Ready<z.output<typeof SETTINGS>, 'apiToken'>;
