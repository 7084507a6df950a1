import type { RecordSet } from '../../../dns/records.ts';
import type { StartBench } from './bench.ts';
import { WebhookStandIn } from './webhook-server.ts';

const ZONE = 'example.com';

/** A provider with records of others. */
export const startWebhookBench: StartBench = async (ends) => {
  const standIn = new WebhookStandIn(ZONE);
  const url = await standIn.start();
  ends.after(() => standIn.stop());
  ends.after(() => {
    if (standIn.violations.length > 0)
      throw new Error(`against the protocol: ${standIn.violations.join(', ')}`);
  });
  standIn.endpoints = [
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
        standIn.endpoints
          .map(({ dnsName, recordType, ...rest }) => `${dnsName} ${recordType} ${JSON.stringify(rest)}`)
          .sort(),
      ),
    meddle: (set) => Promise.resolve(meddle(standIn, set)),
    addOther: async ({ name, type, value }) => {
      standIn.endpoints = [...standIn.endpoints, { dnsName: name, recordType: type, targets: [value] }];
    },
    rateLimit: () => standIn.answerOnce({ status: 429, headers: { 'retry-after': '7' }, body: 'too fast' }),
    isAtomic: true,
  };
};

function meddle(standIn: WebhookStandIn, { name, type, ttl, values }: RecordSet): void {
  standIn.endpoints = [
    ...standIn.endpoints.filter(({ dnsName, recordType }) => dnsName !== name || recordType !== type),
    { dnsName: name, recordType: type, targets: [...values], recordTTL: ttl },
  ];
}
