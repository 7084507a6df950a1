import { apiUrl, matching, secret } from '../../settings/fields.ts';
import { ipv4 } from '../../settings/ip-addresses.ts';
import { Setting } from '../../settings/settings.ts';
import type { Ready } from '../provider-kind.ts';

export const SETTINGS = {
  apiUser: new Setting(
    'NAMECHEAP_API_USER',
    'text',
    matching(/^\S+$/, 'must be the user name, without spaces').optional(),
    'Namecheap account with API access; required as soon as records are listed.',
  ),
  apiKey: new Setting(
    'NAMECHEAP_API_KEY',
    'text',
    secret('must be the key, without spaces', (text) => /^\S+$/.test(text)).optional(),
    'Its API key; required as soon as records are listed.',
    { secret: true },
  ),
  userName: new Setting(
    'NAMECHEAP_USER_NAME',
    'text',
    matching(/^\S+$/, 'must be the user name, without spaces').optional(),
    'The account that the domains are in, when it is not the one with API access.',
  ),
  clientIp: new Setting(
    'NAMECHEAP_CLIENT_IP',
    'text',
    ipv4().optional(),
    'The address that the calls come from, as it is on the list of allowed addresses at Namecheap. Detected when not set.',
  ),
  apiUrl: new Setting(
    'NAMECHEAP_API_URL',
    'text',
    apiUrl().default('https://api.namecheap.com/xml.response'),
    'Address of the API; the sandbox is `https://api.sandbox.namecheap.com/xml.response`.',
  ),
};

export type NamecheapConfig = Ready<typeof SETTINGS, 'apiUser' | 'apiKey'>;
