import { domainToASCII } from 'node:url';
import type { RecordSet } from '../../../dns/records.ts';
import { FakeCloudflare, type FakeZone } from './fake-cloudflare.ts';
import { REFUSED_HOSTS, type StartHarness } from './harness.ts';

const TOKEN = 'Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Z';

/** A Cloudflare account with a zone in which others have records. */
export const startCloudflareHarness = cloudflareHarness('example.com');

/** The API lists zones in Unicode and records in their xn-- form (cloudflare/cloudflare-go#347). */
export const startUnicodeCloudflareHarness = cloudflareHarness('münchen.example');

function cloudflareHarness(zoneName: string): StartHarness {
  const zoneInAscii = domainToASCII(zoneName);
  return async (ends) => {
    const fake = new FakeCloudflare(TOKEN);
    const url = await fake.start();
    ends.after(() => fake.stop());
    ends.after(() => {
      if (fake.violations.length > 0) throw new Error(`against the schema: ${fake.violations.join(', ')}`);
    });
    const zone = fake.addZone(zoneName);
    fake.addRecord(zone, { name: zoneInAscii, type: 'MX', content: 'mail.example.org', priority: 10 });
    fake.addRecord(zone, {
      name: zoneInAscii,
      type: 'TXT',
      content: '"v=spf1 -all"',
      comment: 'mail, ask Ann',
    });
    fake.addRecord(zone, {
      name: `www.${zoneInAscii}`,
      type: 'CNAME',
      content: 'shop.example.org',
      proxied: true,
      ttl: 1,
    });
    fake.addRecord(zone, { name: `*.${zoneInAscii}`, type: 'A', content: '203.0.113.200' });
    const nestedZone = `nested.${zoneInAscii}`;
    fake.addZone(`nested.${zoneName}`);
    const environment = {
      DNS_PROVIDER: 'cloudflare',
      CLOUDFLARE_API_TOKEN: TOKEN,
      CLOUDFLARE_API_URL: url,
    };
    const wrong = 'Wr0ngWr0ngWr0ngWr0ngWr0ngWr0ngWr0ngWr0ng';
    return {
      zone: zoneInAscii,
      nestedZone,
      strangeZone: 'example.org',
      environment,
      wrongCredentials: { environment: { ...environment, CLOUDFLARE_API_TOKEN: wrong }, secret: wrong },
      at: (address) => ({ ...environment, CLOUDFLARE_API_URL: `http://${address}/client/v4` }),
      dump: () => Promise.resolve(dump(zone)),
      meddle: (set) => Promise.resolve(meddle(fake, zone, set)),
      addOther: async ({ name, type, value }) => {
        fake.addRecord(zone, { name, type, content: value });
      },
      refuse: async (name) => {
        // One that shows it, and one that is refused with a code that nobody knows.
        if (name.startsWith(REFUSED_HOSTS[1])) return void fake.refusedNames.set(name, 4242);
        zone.records = zone.records.filter((record) => record.name !== name);
        fake.addRecord(zone, { name, type: 'A', content: '192.0.2.9', meta: { read_only: true } });
      },
      rateLimit: () =>
        fake.fail(
          FakeCloudflare.refusal(429, 971, 'Please wait and consider throttling your request speed', {
            'retry-after': '120',
          }),
        ),
      calls: () => fake.calls.length,
      isAtomic: true,
    };
  };
}

function dump(zone: FakeZone): readonly string[] {
  return zone.records
    .map(
      ({ name, type, ttl, content, ...rest }) => `${name} ${type} ${ttl} ${content} ${JSON.stringify(rest)}`,
    )
    .sort();
}

function meddle(fake: FakeCloudflare, zone: FakeZone, { name, type, ttl, values }: RecordSet): void {
  zone.records = zone.records.filter((record) => record.name !== name || record.type !== type);
  for (const content of values) fake.addRecord(zone, { name, type, ttl, content });
}
