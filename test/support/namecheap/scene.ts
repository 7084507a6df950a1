import { type Dispatcher, errors, MockAgent } from 'undici';
import { plan } from '../../../dns/plan.ts';
import type { WriteGuard } from '../../../dns/provider.ts';
import { HttpNamecheapApi } from '../../../dns/providers/namecheap/http.ts';
import { NamecheapProvider } from '../../../dns/providers/namecheap/provider.ts';
import type { RecordSet } from '../../../dns/records.ts';
import { ZoneLocks } from '../../../dns/zones/zone-locks.ts';
import { Secret } from '../../../settings/secret.ts';
import { settle, VirtualClock } from '../virtual-clock.ts';
import { FakeNamecheap, type FakeNamecheapOptions } from './fake-namecheap.ts';
import { type FakeHost, type FakeZone, host } from './zones.ts';

const FAKE_URL = 'http://namecheap.test/xml.response';
export const ZONE = 'example.com';
export const NAME = 'app.example.com';

/** The real provider and client over a fake in this process, under virtual time. */
export class NamecheapScene {
  readonly clock = new VirtualClock();
  readonly fake: FakeNamecheap;
  readonly api: HttpNamecheapApi;
  readonly provider: NamecheapProvider;
  /** What was saved before each write. */
  readonly snapshots: string[] = [];
  readonly abort = new AbortController().signal;
  readonly #locks = new ZoneLocks();

  constructor(options: Partial<FakeNamecheapOptions> & { readonly zone?: Partial<FakeZone> } = {}) {
    const { clock } = this;
    const zones = { [ZONE]: { emailType: 'NONE', isUsingOurDns: true, hosts: [], ...options.zone } };
    this.fake = new FakeNamecheap({
      zones,
      callsAMinute: 1000,
      now: () => clock.elapsed(),
      ...options,
    });
    const account = {
      apiUser: 'user',
      apiKey: new Secret('key'),
      userName: options.userName,
      clientIp: '127.0.0.1',
      apiUrl: FAKE_URL,
    };
    this.api = new HttpNamecheapApi(account, { clock, dispatcher: dispatcherTo(this.fake) });
    this.provider = this.anotherProvider();
  }

  /** Of another record set in the same process; `save` comes before each write. */
  anotherProvider(save: () => Promise<void> = () => Promise.resolve()): NamecheapProvider {
    const { api, clock } = this;
    const snapshots = {
      save: async (_zone: string, text: string) => {
        await save();
        this.snapshots.push(text);
      },
    };
    return new NamecheapProvider({ api, clock, snapshots, locks: this.#locks });
  }

  get hosts(): readonly FakeHost[] {
    return this.fake.zone(ZONE).hosts;
  }

  set hosts(hosts: readonly FakeHost[]) {
    this.fake.put(ZONE, { ...this.fake.zone(ZONE), hosts });
  }

  /** How often `command` was called. */
  count(command: string): number {
    return this.fake.calls.filter((call) => call.command === command).length;
  }

  /** Read, plan and apply, as the signal does. */
  move(ip: string, guard: Partial<WriteGuard> = {}, names: readonly string[] = [NAME]): Promise<void> {
    const desired = names.map((name): RecordSet => ({ name, type: 'A', ttl: 60, values: [ip] }));
    return this.put(desired, guard);
  }

  put(desired: readonly RecordSet[], guard: Partial<WriteGuard> = {}): Promise<void> {
    return drive(this.clock, this.pass(this.provider, desired, guard));
  }

  async pass(
    provider: NamecheapProvider,
    desired: readonly RecordSet[],
    guard: Partial<WriteGuard> = {},
  ): Promise<void> {
    const { abort } = this;
    const names = [...new Set(desired.map(({ name }) => name))];
    const { sets: found } = await provider.read({ zone: ZONE, names, abort });
    const changes = plan(found, desired, new Set(desired.map(({ type }) => type)));
    const full = { abort, assertMayWrite: () => undefined, ...guard };
    if (changes.length > 0) await provider.apply(ZONE, changes, full);
  }
}

/** `count` records of every kind, with the values that other clients are known to have harmed. */
export function richZone(count = 140): readonly FakeHost[] {
  const special = [
    host('@', 'A', '198.51.100.1'),
    host('@', 'MX', 'mx1.mail.example.', { mxPref: '5', ttl: '1800' }),
    host('@', 'MX', 'mx2.mail.example.', { mxPref: '20' }),
    host('@', 'TXT', 'v=spf1 include:_spf.mail.example ~all'),
    host('selector._domainkey', 'TXT', `v=DKIM1; k=rsa; p=${'MIIBIjANBgkqhkiG9w0BAQEF+/='.repeat(30)}`),
    host('quoted', 'TXT', '"first part" "second; part" \\ <&> \'é\' &amp; &#39;'),
    host('spaces', 'TXT', '  Mixed CASE   kept  '),
    host('@', 'CAA', '0 issue "letsencrypt.org"'),
    host('@', 'CAA', '0 iodef "mailto:Security@Example.com"', { ttl: '3600' }),
    host('_sip._tcp', 'TXT', '10 60 5060 sip.example.com.'),
    host('www', 'CNAME', 'Shop.Example.NET.'),
    host('old', 'URL', 'https://example.net/path?q=1&r=%20#f'),
    host('older', 'URL301', 'http://example.net/'),
    host('frame', 'FRAME', 'http://example.net/frame'),
    host('alias', 'ALIAS', 'lb.example.net.'),
    host('sub', 'NS', 'ns1.example.net.'),
    host('v6', 'AAAA', '2001:db8:0:0::1'),
    host('*.wild', 'A', '198.51.100.7'),
    host('multi', 'A', '198.51.100.8'),
    host('multi', 'A', '198.51.100.9'),
  ];
  const plain = Array.from({ length: count - special.length }, (_, index) =>
    host(`host-${index}`, 'A', `203.0.113.${index}`, { ttl: String(60 + index) }),
  );
  return [...special, ...plain];
}

/** A dispatcher that hands every request to the fake within this process, so that time can be virtual. */
function dispatcherTo(fake: FakeNamecheap): Dispatcher {
  const agent = new MockAgent();
  agent.disableNetConnect();
  const { origin } = new URL(FAKE_URL);
  for (const method of ['POST', 'GET']) {
    agent
      .get(origin)
      .intercept({ path: () => true, method })
      .reply(({ path, body, headers }) => {
        const contentType = new Headers(headers as Record<string, string>).get('content-type') ?? '';
        const reply = fake.handle({
          method,
          url: path,
          contentType,
          body: typeof body === 'string' ? body : '',
        });
        if (reply === 'silent')
          return { statusCode: 200, data: new Promise<string>(() => undefined) as unknown as string };
        if (reply === 'reset') throw new errors.SocketError('other side closed');
        return { statusCode: reply.status, data: Buffer.from(reply.body) };
      })
      .persist();
  }
  return agent;
}

/** Lets virtual time pass until `promise` settles, leaving I/O within the process time to finish at each moment. */
export async function drive<T>(clock: VirtualClock, promise: Promise<T>): Promise<T> {
  let settled = false;
  const mark = () => {
    settled = true;
  };
  promise.then(mark, mark);
  for (let idle = 0; !settled; ) {
    await settle();
    idle += 1;
    if (idle < 12 || settled) continue;
    idle = 0;
    const before = clock.elapsed();
    const fired = await clock.step(before + 3_600_000);
    if (!fired && !settled) throw new Error('nothing is left that could settle the promise');
  }
  return promise;
}
