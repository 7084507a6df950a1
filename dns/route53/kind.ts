import { dnsProviderKind } from '../provider-kind.ts';
import { MAX_TTL } from '../records.ts';
import { SETTINGS } from './settings.ts';

export const ROUTE53 = dnsProviderKind({
  name: 'route53',
  meaning:
    'Amazon Route 53. Credentials come the usual ways of the AWS SDK: variables, IRSA, Pod Identity, profile, instance.',
  settings: SETTINGS,
  required: [],
  traits: { ttl: [0, MAX_TTL], keepsOwners: true },
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
