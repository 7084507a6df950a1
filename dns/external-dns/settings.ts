import { namespace } from '../../settings/fields.ts';
import { Setting } from '../../settings/settings.ts';
import type { Ready } from '../provider-kind.ts';

export const SETTINGS = {
  namespace: new Setting(
    'EXTERNAL_DNS_NAMESPACE',
    'text',
    namespace().optional(),
    'Namespace of the DNSEndpoint objects; not set: that of the controller.',
  ),
};

export type ExternalDnsConfig = Ready<typeof SETTINGS, never>;
