import { apiUrl, flag, matching } from '../../settings/fields.ts';
import { Setting } from '../../settings/settings.ts';
import { MAX_TTL } from '../provider.ts';
import { dnsProviderKind, type Ready } from '../provider-kind.ts';

const settings = {
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

export type Route53Config = Ready<typeof settings, never>;

export const ROUTE53 = dnsProviderKind({
  name: 'route53',
  meaning:
    'Amazon Route 53. Credentials come the usual ways of the AWS SDK: variables, IRSA, Pod Identity, profile, instance.',
  settings,
  required: [],
  traits: { ttl: [0, MAX_TTL] },
  check({ zoneId, privateZone }, { records, report }) {
    const zones = new Set(records?.map(({ zone }) => zone));
    if (zoneId === undefined) return;
    if (zones.size > 1) {
      report(
        ['zoneId'],
        zoneId,
        `must not be set: the records are in ${zones.size} zones, ${[...zones].join(', ')}`,
      );
    }
    if (privateZone === true)
      report(['privateZone'], privateZone, 'must not be set beside a zone id, which says it already');
  },
  async create(config, ports) {
    const [{ Route53Api }, { Route53Provider }] = await Promise.all([
      import('./api.ts'),
      import('./provider.ts'),
    ]);
    return new Route53Provider(new Route53Api(config, ports), config);
  },
});
