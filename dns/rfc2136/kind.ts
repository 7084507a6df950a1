import { dnsProviderKind } from '../provider-kind.ts';
import { MAX_TTL } from '../records.ts';
import { SETTINGS } from './settings.ts';

export const RFC2136 = dnsProviderKind({
  name: 'rfc2136',
  meaning: 'A name server of one’s own (BIND, Knot, PowerDNS, …), by signed dynamic updates.',
  settings: SETTINGS,
  required: ['server', 'tsigName', 'tsigSecret'],
  traits: { ttl: [0, MAX_TTL], keepsOwners: true },
  async create({ server, tsigName: name, tsigSecret, tsigAlgorithm: algorithm }, { clock }) {
    const [{ DnsServer }, { Rfc2136Provider }] = await Promise.all([
      import('./server.ts'),
      import('./provider.ts'),
    ]);
    return new Rfc2136Provider(new DnsServer(server, { name, algorithm, secret: tsigSecret }, clock), clock);
  },
});
