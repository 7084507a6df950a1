import type * as z from 'zod';
import { type ConfiguredProvider, type DnsTraits, ready } from '../../provider-kind.ts';
import type { CLOUDFLARE } from './settings.ts';

export { CLOUDFLARE } from './settings.ts';

const REQUIRED = ['apiToken'] as const;

// 30 on the Enterprise plan; the others refuse anything below 60 with a message.
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
