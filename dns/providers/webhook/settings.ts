import * as z from 'zod';
import { apiUrl } from '../../../settings/fields.ts';
import { COMMON } from '../../common.ts';

const SETTINGS = z.object({
  url: apiUrl().default('http://localhost:8888').meta({
    env: 'DNS_WEBHOOK_URL',
    description: 'Address of the provider; beside the controller in its pod by default.',
  }),
});

export const WEBHOOK = z.object({ provider: z.literal('webhook'), ...COMMON, webhook: SETTINGS }).meta({
  description: 'Any provider that is made for ExternalDNS’s webhook protocol, without ExternalDNS.',
});

export type WebhookConfig = z.output<typeof SETTINGS>;
