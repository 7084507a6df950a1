import type * as z from 'zod';
import type { ConfiguredProvider, DnsTraits } from '../../provider-kind.ts';
import { MAX_TTL } from '../../records.ts';
import type { WEBHOOK } from './settings.ts';

export { WEBHOOK } from './settings.ts';

export const WEBHOOK_TRAITS: DnsTraits = { ttl: [1, MAX_TTL], keepsTexts: true };

export function webhook({ webhook: settings }: z.output<typeof WEBHOOK>): ConfiguredProvider {
  return {
    async create(ports) {
      const [{ WebhookApi }, { WebhookProvider }] = await Promise.all([
        import('./api.ts'),
        import('./provider.ts'),
      ]);
      return new WebhookProvider(new WebhookApi(settings, ports), ports.clock);
    },
  };
}
