import type { RecordSet } from '../../../dns/records.ts';
import { FakeWebhookProvider } from './fake-webhook-provider.ts';
import type { StartHarness } from './harness.ts';

const ZONE = 'example.com';

/** A provider with records of others. */
export const startWebhookHarness: StartHarness = async (ends) => {
  const fake = new FakeWebhookProvider(ZONE);
  const url = await fake.start();
  ends.after(() => fake.stop());
  ends.after(() => {
    if (fake.violations.length > 0) throw new Error(`against the protocol: ${fake.violations.join(', ')}`);
  });
  fake.endpoints = [
    { dnsName: ZONE, recordType: 'MX', targets: ['10 mail.example.org'], recordTTL: 300 },
    { dnsName: ZONE, recordType: 'TXT', targets: ['"v=spf1 -all"'], labels: { owner: 'ann' } },
    { dnsName: `www.${ZONE}`, recordType: 'CNAME', targets: ['shop.example.org'] },
    { dnsName: `*.${ZONE}`, recordType: 'A', targets: ['203.0.113.200'] },
  ];
  const environment = { DNS_PROVIDER: 'webhook', DNS_WEBHOOK_URL: url };
  return {
    zone: ZONE,
    strangeZone: 'example.org',
    environment,
    wrongCredentials: { environment: { ...environment, DNS_WEBHOOK_URL: `${url}/denied` } },
    at: (address) => ({ ...environment, DNS_WEBHOOK_URL: `http://${address}` }),
    dump: () =>
      Promise.resolve(
        fake.endpoints
          .map(({ dnsName, recordType, ...rest }) => `${dnsName} ${recordType} ${JSON.stringify(rest)}`)
          .sort(),
      ),
    meddle: (set) => Promise.resolve(meddle(fake, set)),
    addOther: async ({ name, type, value }) => {
      fake.endpoints = [...fake.endpoints, { dnsName: name, recordType: type, targets: [value] }];
    },
    refuse: async (name) => {
      fake.endpoints = [
        ...fake.endpoints.filter(({ dnsName }) => dnsName !== name),
        { dnsName: name, recordType: 'A', targets: ['192.0.2.9'], setIdentifier: 'eu' },
      ];
    },
    rateLimit: () => fake.answerOnce({ status: 429, headers: { 'retry-after': '7' }, body: 'too fast' }),
    isAtomic: true,
  };
};

function meddle(fake: FakeWebhookProvider, { name, type, ttl, values }: RecordSet): void {
  fake.endpoints = [
    ...fake.endpoints.filter(({ dnsName, recordType }) => dnsName !== name || recordType !== type),
    { dnsName: name, recordType: type, targets: [...values], recordTTL: ttl },
  ];
}
