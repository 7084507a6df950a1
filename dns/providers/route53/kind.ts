import type * as z from 'zod';
import type { ConfiguredProvider, DnsTraits } from '../../provider-kind.ts';
import { MAX_TTL } from '../../records.ts';
import type { ROUTE53 } from './settings.ts';

export { ROUTE53 } from './settings.ts';

export const ROUTE53_TRAITS: DnsTraits = {
  ttl: [0, MAX_TTL],
  keepsTexts: true,
  // Read by the SDK itself.
  inSecret: { accessKeyId: 'AWS_ACCESS_KEY_ID', secretAccessKey: 'AWS_SECRET_ACCESS_KEY' },
  check({ zoneId, privateZone }, { records, report }) {
    const zones = new Set(records?.map(({ zone }) => zone));
    if (zoneId === undefined) return;
    if (zones.size > 1) {
      const problem = `must not be set: the records are in ${zones.size} zones, ${[...zones].join(', ')}`;
      report('zoneId', zoneId, problem);
    }
    if (privateZone === true)
      report('privateZone', privateZone, 'must not be set beside a zone id, which says it already');
  },
};

export function route53({ route53: settings }: z.output<typeof ROUTE53>): ConfiguredProvider {
  return {
    async create(ports) {
      const [{ Route53Api }, { Route53Provider }] = await Promise.all([
        import('./api.ts'),
        import('./provider.ts'),
      ]);
      return new Route53Provider(new Route53Api(settings, ports), settings, ports.clock);
    },
  };
}
