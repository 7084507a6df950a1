import type * as z from 'zod';
import { type ConfiguredProvider, type DnsTraits, ready } from '../../provider-kind.ts';
import { snapshotRights } from '../../zones/snapshot-rights.ts';
import { registeredDomain } from '../../zones.ts';
import type { NAMECHEAP } from './settings.ts';

export { NAMECHEAP } from './settings.ts';

const REQUIRED = ['apiUser', 'apiKey'] as const;

export const NAMECHEAP_TRAITS: DnsTraits = {
  ttl: [60, 60_000],
  keepsTexts: true,
  required: REQUIRED,
  inSecret: { apiUser: 'NAMECHEAP_API_USER' },
  zoneOf: registeredDomain,
};

export function namecheap({ namecheap: settings, records }: z.output<typeof NAMECHEAP>): ConfiguredProvider {
  return {
    rights: (own) => snapshotRights(own, records),
    async create(ports) {
      const [{ HttpNamecheapApi }, { NamecheapProvider }] = await Promise.all([
        import('./http.ts'),
        import('./provider.ts'),
      ]);
      const api = new HttpNamecheapApi(ready(settings, REQUIRED), ports);
      return new NamecheapProvider({ ...ports, api });
    },
  };
}
