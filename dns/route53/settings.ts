import { apiUrl, flag, matching } from '../../settings/fields.ts';
import { Setting } from '../../settings/settings.ts';
import type { Ready } from '../provider-kind.ts';

export const SETTINGS = {
  zoneId: new Setting(
    'ROUTE53_ZONE_ID',
    'text',
    matching(/^[0-9A-Z]{4,32}$/, 'must be the id of a hosted zone, such as Z0123456789ABCDEFGHIJ').optional(),
    'Id of the hosted zone; only where all records are in one zone. Not set: the zones are found by their names.',
  ),
  privateZone: new Setting(
    'ROUTE53_PRIVATE_ZONE',
    'boolean',
    flag().default(false),
    '`true`: the private hosted zones of these names are meant, not the public ones.',
  ),
  apiUrl: new Setting(
    'ROUTE53_API_URL',
    'text',
    apiUrl().optional(),
    'Address of the API; not set: the one that the AWS SDK knows for the region.',
  ),
};

export type Route53Config = Ready<typeof SETTINGS, never>;
