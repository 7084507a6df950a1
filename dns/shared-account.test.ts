/** Of several record sets or followers in one process that use the same account at a provider. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { systemClock } from '../runtime/clock.ts';
import { connect } from '../test/support/dns/harness.ts';
import { CallLimiters } from './calls/call-limiter.ts';

const ZONE = 'example.com';
const QUERY = { zone: ZONE, names: [`app.${ZONE}`], abort: new AbortController().signal };
const TOKEN = 'a'.repeat(40);
const THROTTLED =
  '<ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error><RequestId>1</RequestId></ErrorResponse>';

const PROVIDERS = [
  {
    provider: 'cloudflare',
    answer: { status: 429, body: '{}' },
    environment: (url: string) => ({ CLOUDFLARE_API_TOKEN: TOKEN, CLOUDFLARE_API_URL: url }),
    another: { CLOUDFLARE_API_TOKEN: 'b'.repeat(40) },
  },
  {
    provider: 'route53',
    answer: { status: 400, body: THROTTLED },
    environment: (url: string) => ({ ROUTE53_API_URL: url }),
    another: undefined,
  },
];

for (const { provider, answer, environment, another } of PROVIDERS) {
  test(`${provider}: whose account was asked too often, asks no more for any record set`, async (t) => {
    process.env.AWS_ACCESS_KEY_ID = 'key';
    process.env.AWS_SECRET_ACCESS_KEY = 'secret';
    let calls = 0;
    const server = createServer((_request, response) => {
      calls += 1;
      response.writeHead(answer.status).end(answer.body);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const limiters = new CallLimiters(systemClock);
    const recordSet = (more = {}) =>
      connect(
        { zone: ZONE, environment: { DNS_PROVIDER: provider, ...environment(url), ...more } },
        undefined,
        { ends: t, limiters },
      );
    const [one, other] = [await recordSet(), await recordSet()];
    await assert.rejects(one.read(QUERY), { kind: 'rate' });
    await assert.rejects(other.read(QUERY), { kind: 'rate' });
    assert.equal(calls, 1);
    if (another === undefined) return;
    await assert.rejects((await recordSet(another)).read(QUERY), { kind: 'rate' });
    assert.equal(calls, 2);
  });
}
