/** A registrar for the controller's process: the fake for Namecheap with a zone that holds more than our record. */
import type { TestContext } from 'node:test';
import type { Environment } from './controller-process.ts';
import { FakeNamecheap } from './namecheap/fake-namecheap.ts';
import { type FakeHost, type FakeZone, host } from './namecheap/zones.ts';

export const ZONE = 'example.com';
export const RECORD = `app.${ZONE}`;
/** Looked for in everything that the controller says. */
export const API_KEY = 'c0ffee-never-to-be-seen';

/** Somebody else's: they must survive whatever happens. */
const FOREIGN: readonly FakeHost[] = [
  host('@', 'MX', 'mail.example.com.', { mxPref: '5' }),
  host('@', 'TXT', 'v=spf1 include:example.net -all'),
  host('dkim._domainkey', 'TXT', `v=DKIM1; k=rsa; p=${'Ab+/'.repeat(90)}`),
  host('@', 'CAA', '0 issue "letsencrypt.org"'),
  host('www', 'CNAME', 'example.net.'),
  host('old', 'URL301', 'https://example.net/'),
];

export class Registrar {
  readonly fake: FakeNamecheap;

  private constructor(fake: FakeNamecheap) {
    this.fake = fake;
  }

  /** Begins with `address` for the record. Ends with the test. */
  static async start(t: TestContext, address: string): Promise<Registrar> {
    const hosts = [...FOREIGN, host('app', 'A', address, { ttl: '60' })];
    const zone: FakeZone = { emailType: 'MX', isUsingOurDns: true, hosts };
    const fake = await FakeNamecheap.start({ zones: { [ZONE]: zone }, apiKey: API_KEY });
    t.after(() => fake.stop());
    return new Registrar(fake);
  }

  get environment(): Environment {
    return {
      DNS_RECORDS: RECORD,
      NAMECHEAP_API_USER: 'user',
      NAMECHEAP_API_KEY: API_KEY,
      NAMECHEAP_CLIENT_IP: '127.0.0.1',
      NAMECHEAP_API_URL: this.fake.url,
    };
  }

  /** The addresses of the record now. */
  get addresses(): readonly string[] {
    return this.fake
      .zone(ZONE)
      .hosts.filter(({ name }) => name === 'app')
      .map(({ address }) => address);
  }

  /** The writes that have come, whatever came of them. */
  get writes(): number {
    return this.fake.calls.filter(({ command }) => command === 'setHosts').length;
  }

  /** Resolves when the record has this address and no other. */
  pointsTo(address: string, timeoutMs = 40_000): Promise<void> {
    const inVain = () => `${RECORD} is ${this.addresses.join()}, not ${address}`;
    return this.fake.until(ZONE, () => this.addresses.join() === address, { timeoutMs, inVain });
  }

  /** What is not as it was, or not as it must be, apart from where the record points. */
  get harm(): readonly string[] {
    const { hosts, emailType } = this.fake.zone(ZONE);
    const shown = (one: FakeHost) => JSON.stringify(one);
    const others = hosts.filter(({ name }) => name !== 'app').map(shown);
    const wanted = FOREIGN.map(shown);
    return [
      ...wanted.filter((one) => !others.includes(one)).map((one) => `lost: ${one}`),
      ...others.filter((one) => !wanted.includes(one)).map((one) => `new: ${one}`),
      ...(emailType === 'MX' ? [] : [`EmailType is ${emailType}`]),
      ...(this.addresses.length === 1 ? [] : [`${RECORD} is "${this.addresses.join()}"`]),
    ];
  }
}
