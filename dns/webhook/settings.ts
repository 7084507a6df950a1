import { apiUrl } from '../../settings/fields.ts';
import { Setting } from '../../settings/settings.ts';
import type { Ready } from '../provider-kind.ts';

export const SETTINGS = {
  url: new Setting(
    'DNS_WEBHOOK_URL',
    'text',
    apiUrl().default('http://localhost:8888'),
    'Address of the provider; beside the controller in its pod by default.',
  ),
};

export type WebhookConfig = Ready<typeof SETTINGS, never>;
