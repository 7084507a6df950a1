import { domainToASCII } from 'node:url';
import type { RecordSet } from '../../../dns/records.ts';
import type { StartBench } from './bench.ts';
import { CloudflareStandIn, type StandInZone } from './cloudflare-server.ts';

const TOKEN = 'Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Z';

/** A Cloudflare account with a zone in which others have records. */
export const startCloudflareBench = cloudflareBench('example.com');

/** The API lists zones in Unicode and records in their xn-- form (cloudflare/cloudflare-go#347). */
export const startUnicodeCloudflareBench = cloudflareBench('münchen.example');

function cloudflareBench(zoneName: string): StartBench {
  const zoneInAscii = domainToASCII(zoneName);
  return async (ends) => {
    const standIn = new CloudflareStandIn(TOKEN);
    const url = await standIn.start();
    ends.after(() => standIn.stop());
    ends.after(() => {
      if (standIn.violations.length > 0)
        throw new Error(`against the schema: ${standIn.violations.join(', ')}`);
    });
    const zone = standIn.addZone(zoneName);
    standIn.addRecord(zone, { name: zoneInAscii, type: 'MX', content: 'mail.example.org', priority: 10 });
    standIn.addRecord(zone, {
      name: zoneInAscii,
      type: 'TXT',
      content: '"v=spf1 -all"',
      comment: 'mail, ask Ann',
    });
    standIn.addRecord(zone, {
      name: `www.${zoneInAscii}`,
      type: 'CNAME',
      content: 'shop.example.org',
      proxied: true,
      ttl: 1,
    });
    standIn.addRecord(zone, { name: `*.${zoneInAscii}`, type: 'A', content: '203.0.113.200' });
    const nestedZone = `nested.${zoneInAscii}`;
    standIn.addZone(`nested.${zoneName}`);
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
      meddle: (set) => Promise.resolve(meddle(standIn, zone, set)),
      addOther: async ({ name, type, value }) => {
        standIn.addRecord(zone, { name, type, content: value });
      },
      rateLimit: () =>
        standIn.fail(
          CloudflareStandIn.refusal(429, 971, 'Please wait and consider throttling your request speed', {
            'retry-after': '120',
          }),
        ),
      calls: () => standIn.calls.length,
      isAtomic: true,
    };
  };
}

function dump(zone: StandInZone): readonly string[] {
  return zone.records
    .map(
      ({ name, type, ttl, content, ...rest }) => `${name} ${type} ${ttl} ${content} ${JSON.stringify(rest)}`,
    )
    .sort();
}

function meddle(standIn: CloudflareStandIn, zone: StandInZone, { name, type, ttl, values }: RecordSet): void {
  zone.records = zone.records.filter((record) => record.name !== name || record.type !== type);
  for (const content of values) standIn.addRecord(zone, { name, type, ttl, content });
}
