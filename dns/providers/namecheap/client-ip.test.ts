import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MockAgent } from 'undici';
import { systemClock } from '../../../runtime/clock.ts';
import { Secret } from '../../../settings/secret.ts';
import { FakeNamecheap } from '../../../test/support/namecheap/fake-namecheap.ts';
import { findClientIp } from './client-ip.ts';
import { HttpNamecheapApi } from './http.ts';

const abort = new AbortController().signal;
const API = 'http://namecheap.test';

/** The vendor's address service gives `answers` in turn; the API takes `allowed` alone. */
function world(answers: readonly string[], allowed: string) {
  const dispatcher = new MockAgent();
  dispatcher.disableNetConnect();
  const service = dispatcher.get('https://dynamicdns.park-your-domain.com');
  for (const answer of answers) service.intercept({ path: '/getip', method: 'GET' }).reply(200, answer);
  const zone = { emailType: 'NONE', isUsingOurDns: true, hosts: [] };
  const fake = new FakeNamecheap({ zones: { 'example.com': zone }, clientIp: allowed });
  dispatcher
    .get(API)
    .intercept({ path: '/xml.response', method: 'POST' })
    .reply(({ body }) => {
      const contentType = 'application/x-www-form-urlencoded';
      const reply = fake.handle({
        method: 'POST',
        url: '/xml.response',
        contentType,
        body: body as string,
      });
      assert.ok(typeof reply === 'object');
      return { statusCode: reply.status, data: reply.body };
    })
    .persist();
  return { dispatcher, fake };
}

function connect(dispatcher: MockAgent, clientIp?: string): HttpNamecheapApi {
  const account = {
    apiUser: 'user',
    apiKey: new Secret('key'),
    userName: undefined,
    clientIp,
    apiUrl: `${API}/xml.response`,
  };
  return new HttpNamecheapApi(account, { clock: systemClock, dispatcher });
}

test('trap 13: the address is found once, and again when the API no longer takes it', async () => {
  const { dispatcher, fake } = world(['192.0.2.10\n', '192.0.2.20\n'], '192.0.2.20');
  const api = connect(dispatcher);
  await assert.rejects(api.getHosts('example.com', abort), { code: '1011150', message: /192\.0\.2\.10/ });
  await api.getHosts('example.com', abort);
  await api.getHosts('example.com', abort);
  assert.equal(fake.calls.length, 3);
  dispatcher.assertNoPendingInterceptors();
});

test('a configured address is never looked up', async () => {
  const { dispatcher } = world([], '192.0.2.20');
  await connect(dispatcher, '192.0.2.20').getHosts('example.com', abort);
  await assert.rejects(connect(dispatcher, '192.0.2.9').getHosts('example.com', abort), { code: '1011150' });
});

for (const answer of ['', '2001:db8::1', '<html>', '192.0.2.300']) {
  test(`${JSON.stringify(answer)} is no address, and what to set is said`, async () => {
    const { dispatcher } = world([answer], '192.0.2.20');
    await assert.rejects(findClientIp(systemClock, dispatcher, abort), {
      name: 'DnsError',
      kind: 'retry',
      code: 'client-ip',
      action: /NAMECHEAP_CLIENT_IP/,
    });
  });
}

test('an answer without an end is given up after a few bytes', async () => {
  const { dispatcher } = world(['1'.repeat(100_000)], '203.0.113.7');
  await assert.rejects(findClientIp(systemClock, dispatcher, abort), /an answer of more than 4096 bytes/);
});
