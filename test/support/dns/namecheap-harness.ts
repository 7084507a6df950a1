import { plainText } from '../../../dns/records/text-value.ts';
import type { RecordSet } from '../../../dns/records.ts';
import { FakeNamecheap } from '../namecheap/fake-namecheap.ts';
import { host } from '../namecheap/zones.ts';
import type { StartHarness } from './harness.ts';

const ZONE = 'example.com';
const KEY = 'c0ffee-the-right-key';

/** A Namecheap account with a zone in which others have records. */
export const startNamecheapHarness: StartHarness = async (ends) => {
  const hosts = [
    host('@', 'MX', 'mail.example.org.', { mxPref: '5' }),
    host('@', 'TXT', 'v=spf1 -all'),
    host('www', 'CNAME', 'shop.example.org.'),
    host('*', 'A', '203.0.113.200'),
  ];
  const zones = { [ZONE]: { emailType: 'MX', isUsingOurDns: true, hosts } };
  const fake = await FakeNamecheap.start({ zones, apiKey: KEY, callsAMinute: 10_000 });
  ends.after(() => fake.stop());
  const environment = {
    DNS_PROVIDER: 'namecheap',
    NAMECHEAP_API_USER: 'user',
    NAMECHEAP_API_KEY: KEY,
    NAMECHEAP_CLIENT_IP: '127.0.0.1',
    NAMECHEAP_API_URL: fake.url,
  };
  const wrong = 'bad-c0ffee-the-wrong-key';
  const relative = (name: string) => (name === ZONE ? '@' : name.replace(`.${ZONE}`, ''));
  return {
    zone: ZONE,
    strangeZone: 'example.org',
    environment,
    wrongCredentials: { environment: { ...environment, NAMECHEAP_API_KEY: wrong }, secret: wrong },
    at: (address) => ({ ...environment, NAMECHEAP_API_URL: `http://${address}/xml.response` }),
    dump: () =>
      Promise.resolve(
        fake
          .zone(ZONE)
          .hosts.map(({ name, type, ttl, address, ...rest }) => {
            const { hostId: _, ...kept } = rest as Record<string, unknown>;
            return `${name === '@' ? ZONE : `${name}.${ZONE}`} ${type} ${ttl} ${address} ${JSON.stringify(kept)}`;
          })
          .sort(),
      ),
    meddle: ({ name, type, ttl, values }: RecordSet) => {
      const zone = fake.zone(ZONE);
      const others = zone.hosts.filter((one) => one.name !== relative(name) || one.type !== type);
      const added = values.map((value) => host(relative(name), type, value, { ttl: String(ttl) }));
      fake.put(ZONE, { ...zone, hosts: [...others, ...added] });
      return Promise.resolve();
    },
    addOther: async ({ name, type, value }) => {
      const zone = fake.zone(ZONE);
      fake.put(ZONE, { ...zone, hosts: [...zone.hosts, host(relative(name), type, plainText(value))] });
    },
    refuse: async (name) => {
      const zone = fake.zone(ZONE);
      const record = host(relative(name), 'URL', 'https://example.org/');
      fake.put(ZONE, { ...zone, hosts: [...zone.hosts, record] });
    },
    rateLimit: () =>
      fake.misbehave('getHosts', { kind: 'status', status: 405, body: 'Too many requests' }, 1),
    isAtomic: true,
  };
};
