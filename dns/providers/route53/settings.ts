import * as z from 'zod';
import { apiUrl, flag, matching } from '../../../settings/fields.ts';
import { COMMON } from '../../common.ts';

const SETTINGS = z.object({
  zoneId: matching(/^[0-9A-Z]{4,32}$/, 'must be the id of a hosted zone, such as Z0123456789ABCDEFGHIJ')
    .optional()
    .meta({
      env: 'ROUTE53_ZONE_ID',
      description:
        'Id of the hosted zone; only where all records are in one zone. Not set: the zones are found by their names.',
    }),
  privateZone: flag().default(false).meta({
    env: 'ROUTE53_PRIVATE_ZONE',
    description: '`true`: the private hosted zones of these names are meant, not the public ones.',
  }),
  apiUrl: apiUrl().optional().meta({
    env: 'ROUTE53_API_URL',
    description: 'Address of the API; not set: the one that the AWS SDK knows for the region.',
  }),
});

export const ROUTE53 = z.object({ provider: z.literal('route53'), ...COMMON, route53: SETTINGS }).meta({
  description:
    'Amazon Route 53. Credentials come the usual ways of the AWS SDK: variables, IRSA, Pod Identity, profile, instance.',
});

export type Route53Config = z.output<typeof SETTINGS>;
