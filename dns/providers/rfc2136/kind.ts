import type * as z from 'zod';
import { type ConfiguredProvider, type DnsTraits, ready } from '../../provider-kind.ts';
import { MAX_TTL } from '../../records.ts';
import type { RFC2136 } from './settings.ts';

export { RFC2136 } from './settings.ts';

const REQUIRED = ['server', 'tsigName', 'tsigSecret'] as const;

export const RFC2136_TRAITS: DnsTraits = { ttl: [0, MAX_TTL], keepsTexts: true, required: REQUIRED };

export function rfc2136({ rfc2136: settings }: z.output<typeof RFC2136>): ConfiguredProvider {
  return {
    async create({ clock }) {
      const [{ DnsServer }, { Rfc2136Provider }] = await Promise.all([
        import('./api.ts'),
        import('./provider.ts'),
      ]);
      const { server, tsigName: name, tsigSecret, tsigAlgorithm: algorithm } = ready(settings, REQUIRED);
      const key = { name, algorithm, secret: tsigSecret };
      return new Rfc2136Provider(new DnsServer(server, key, clock), clock);
    },
  };
}
