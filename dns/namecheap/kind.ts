import { ipv4 } from '../../controller/config/sites.ts';
import { apiUrl, matching, secret } from '../../settings/fields.ts';
import { Setting } from '../../settings/settings.ts';
import { dnsProviderKind, type Ready } from '../provider-kind.ts';
import { snapshotRights } from '../snapshot-rights.ts';
import { registeredDomain } from '../zones.ts';

const settings = {
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

export type NamecheapConfig = Ready<typeof settings, 'apiUser' | 'apiKey'>;

export const NAMECHEAP = dnsProviderKind({
  name: 'namecheap',
  meaning: 'Namecheap BasicDNS or PremiumDNS, by its XML API.',
  settings,
  required: ['apiUser', 'apiKey'],
  traits: { ttl: [60, 60_000] },
  zoneOf: registeredDomain,
  rights: (_config, own, records) => snapshotRights(own, records),
  async create(config, ports) {
    const [{ HttpNamecheapApi }, { NamecheapProvider }] = await Promise.all([
      import('./http.ts'),
      import('./provider.ts'),
    ]);
    return new NamecheapProvider({ ...ports, api: new HttpNamecheapApi(config, ports) });
  },
});
