import type * as z from 'zod';
import { type ConfiguredProvider, type DnsTraits, ready } from '../provider-kind.ts';
import type { CLOUDFLARE } from './settings.ts';

export { CLOUDFLARE } from './settings.ts';

const REQUIRED = ['apiToken'] as const;

// The Enterprise plan takes 30; others refuse what is below 60, and say so.
export const CLOUDFLARE_TRAITS: DnsTraits = {
  ttl: [30, 86_400],
  flattensCname: true,
  keepsTexts: true,
  required: REQUIRED,
};

export function cloudflare({ cloudflare: settings }: z.output<typeof CLOUDFLARE>): ConfiguredProvider {
  return {
    async create(ports) {
      const [{ CloudflareApi }, { CloudflareProvider }] = await Promise.all([
        import('./api.ts'),
        import('./provider.ts'),
      ]);
      return new CloudflareProvider(new CloudflareApi(ready(settings, REQUIRED), ports), ports.clock);
    },
  };
}
