/** What users of similar programs have reported, tried here; each with the public report. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { Agent } from 'undici';
import { FileSecret } from '../settings/secret.ts';
import { FakeCloudflare } from '../test/support/dns/fake-cloudflare.ts';
import { followedZone } from '../test/support/dns/followed-zone.ts';
import { SkippingClock } from '../test/support/dns/harness.ts';
import { NamecheapScene } from '../test/support/namecheap/scene.ts';
import { host } from '../test/support/namecheap/zones.ts';
import { CallLimiters } from './calls/call-limiter.ts';
import { CloudflareApi } from './providers/cloudflare/api.ts';
import { apiError, changeError } from './providers/cloudflare/errors.ts';
import { CloudflareProvider } from './providers/cloudflare/provider.ts';
import { CLASSES, type Message, TYPES } from './providers/rfc2136/message.ts';
import { zonesServed } from './providers/rfc2136/records.ts';
import type { RecordType } from './records.ts';

const ZONE = 'example.com';
const APP = `app.${ZONE}`;
const TOKEN = 'Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Zr0Z';

/** A name that follows at Cloudflare; the token is in a file. */
async function following(t: TestContext) {
  const clock = new SkippingClock();
  const fake = new FakeCloudflare(TOKEN);
  const dispatcher = new Agent();
  const apiUrl = await fake.start();
  t.after(() => fake.stop());
  t.after(() => dispatcher.destroy());
  const file = { text: TOKEN };
  const ports = { clock, dispatcher, limiters: new CallLimiters(clock) };
  const api = new CloudflareApi({ apiToken: new FileSecret(() => file.text), apiUrl }, ports);
  const provider = new CloudflareProvider(api, clock);
  const { follow } = followedZone(ZONE, [APP], { provider, clock, owned: ['A', 'CNAME'] });
  const zone = fake.addZone(ZONE);
  const move = (value: string, type: RecordType = 'A') => {
    clock.skip();
    return follow([{ name: APP, type, ttl: 60, values: [value] }]);
  };
  const there = () => zone.records.map(({ type, content }) => `${type} ${content}`);
  const writes = () => fake.calls.filter((call) => call.startsWith('POST')).length;
  return { fake, zone, file, move, there, writes };
}

describe('Cloudflare', () => {
  for (const [code, status] of [
    [10_300, 400],
    [10_300, 403],
    [10_429, 403],
    [10_429, 429],
  ] as const) {
    test(`its rate limit with code ${code} and HTTP ${status} is no wrong token, and waits (external-dns#2135, #5971)`, () => {
      for (const errorOf of [apiError, changeError]) {
        const { kind, scope, retryAfterMs } = errorOf(
          'it',
          status,
          [{ code, message: 'slow down' }],
          undefined,
        );
        assert.deepEqual([kind, scope, retryAfterMs], ['rate', 'zone', 300_000]);
      }
    });
  }

  test('the TTL of a proxied record, which stays 1, is not written again and again (external-dns#1820)', async (t) => {
    const { fake, zone, move, there, writes } = await following(t);
    fake.addRecord(zone, { name: APP, type: 'A', content: '192.0.2.1', proxied: true, ttl: 1 });
    await move('192.0.2.1');
    assert.equal(writes(), 0);
    await move('192.0.2.2');
    await move('192.0.2.2');
    assert.deepEqual([writes(), there()], [1, ['A 192.0.2.2']]);
  });

  test('of several addresses at the name one is left (K0p1-Git/cloudflare-ddns-updater#16)', async (t) => {
    const { fake, zone, move, there } = await following(t);
    for (const last of [1, 3, 4]) fake.addRecord(zone, { name: APP, type: 'A', content: `192.0.2.${last}` });
    await move('192.0.2.2');
    assert.deepEqual(there(), ['A 192.0.2.2']);
  });

  test('a CNAME in the way gives place (favonia/cloudflare-ddns#990)', async (t) => {
    const { fake, zone, move, there, writes } = await following(t);
    fake.addRecord(zone, { name: APP, type: 'CNAME', content: 'east.example.net' });
    await move('192.0.2.2');
    assert.deepEqual([writes(), there()], [1, ['A 192.0.2.2']]);
  });

  test('a token that is changed in its file is used at the next call (cloudflare/origin-ca-issuer#109)', async (t) => {
    const { file, move, there } = await following(t);
    file.text = TOKEN.toLowerCase();
    await assert.rejects(move('192.0.2.2'), { kind: 'config' });
    file.text = TOKEN;
    await move('192.0.2.3');
    assert.deepEqual(there(), ['A 192.0.2.3']);
  });
});

test('RFC 2136: a CNAME to the top of a zone does not make its own name a zone (certbot#5101)', () => {
  const record = { class: CLASSES.IN, ttl: 60, data: Buffer.alloc(0) };
  const question = { name: APP, type: TYPES.SOA, class: CLASSES.IN };
  const answer: Message = {
    id: 1,
    opcode: 0,
    isResponse: true,
    isAuthoritative: true,
    rcode: 0,
    questions: [question],
    answers: [
      { ...record, name: APP, type: TYPES.CNAME },
      { ...record, name: ZONE, type: TYPES.SOA },
    ],
    authorities: [],
    additionals: [],
  };
  assert.deepEqual(zonesServed([{ question, answer }]), []);
});

test('Namecheap: "+", quotes and "&" of other records are sent back as they are (acme.sh#2052)', async () => {
  const others = [
    host('k._domainkey', 'TXT', 'v=DKIM1; k=rsa; p=ab+cd/ef+gh=='),
    host('@', 'CAA', '0 issuewild "letsencrypt.org"'),
    host('q', 'TXT', 'a=1&b=%2B&amp;c="<d>"'),
  ];
  const scene = new NamecheapScene({ zone: { hosts: [...others, host('app', 'A', '192.0.2.1')] } });
  await scene.move('192.0.2.2');
  assert.deepEqual(
    scene.hosts.map(({ type, address }) => [type, address]),
    [...others.map(({ type, address }) => [type, address]), ['A', '192.0.2.2']],
  );
});
