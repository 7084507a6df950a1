import { dnsProviderKind } from '../provider-kind.ts';
import { snapshotRights } from '../snapshot-rights.ts';
import { registeredDomain } from '../zones.ts';
import { SETTINGS } from './settings.ts';

export const NAMECHEAP = dnsProviderKind({
  name: 'namecheap',
  meaning: 'Namecheap BasicDNS or PremiumDNS, by its XML API.',
  settings: SETTINGS,
  required: ['apiUser', 'apiKey'],
  traits: { ttl: [60, 60_000], keepsOwners: true },
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
