import * as z from 'zod';
import { apiUrl, matching, secret } from '../../../settings/fields.ts';
import { ipv4 } from '../../../settings/ip-addresses.ts';
import { COMMON } from '../../common.ts';
import type { Ready } from '../../provider-kind.ts';

const SETTINGS = z.object({
  apiUser: matching(/^\S+$/, 'must be the user name, without spaces').optional().meta({
    env: 'NAMECHEAP_API_USER',
    description: 'Namecheap account with API access; required as soon as records are listed.',
  }),
  apiKey: secret('must be the key, without spaces', (text) => /^\S+$/.test(text))
    .optional()
    .meta({
      env: 'NAMECHEAP_API_KEY',
      description: 'Its API key; required as soon as records are listed.',
      secret: true,
    }),
  userName: matching(/^\S+$/, 'must be the user name, without spaces').optional().meta({
    env: 'NAMECHEAP_USER_NAME',
    description: 'The account that the domains are in, when it is not the one with API access.',
  }),
  clientIp: ipv4('the API takes no IPv6 address').optional().meta({
    env: 'NAMECHEAP_CLIENT_IP',
    description:
      'The address that the calls come from, as it is on the list of allowed addresses at Namecheap. Detected when not set.',
  }),
  apiUrl: apiUrl().default('https://api.namecheap.com/xml.response').meta({
    env: 'NAMECHEAP_API_URL',
    description: 'Address of the API; the sandbox is `https://api.sandbox.namecheap.com/xml.response`.',
  }),
});

export const NAMECHEAP = z
  .object({ provider: z.literal('namecheap'), ...COMMON, namecheap: SETTINGS })
  .meta({ description: 'Namecheap BasicDNS or PremiumDNS, by its XML API.' });

export type NamecheapConfig = Ready<z.output<typeof SETTINGS>, 'apiUser' | 'apiKey'>;
