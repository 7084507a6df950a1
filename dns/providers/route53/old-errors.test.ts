import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { Agent } from 'undici';
import { systemClock } from '../../../runtime/clock.ts';
import { listenOnLoopback } from '../../../test/support/loopback.ts';
import { CallLimiters } from '../../calls/call-limiter.ts';
import { DnsError } from '../../provider.ts';
import { Route53Api } from './api.ts';
import { asErrorResponse } from './old-errors.ts';

const NAMESPACE = 'https://route53.amazonaws.com/doc/2013-04-01/';
const { signal: abort } = new AbortController();

/** As the documentation of the API and reports of its clients show them. */
const ANSWERS = {
  old: `<?xml version="1.0" encoding="UTF-8"?>
<InvalidChangeBatch xmlns="${NAMESPACE}">
  <Messages>
    <Message>RRSet of type CNAME with DNS name app.example.com. is not permitted at apex in zone example.com.</Message>
    <Message>FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with &apos;x&apos;</Message>
  </Messages>
  <RequestId>1</RequestId>
</InvalidChangeBatch>`,
  new: `<?xml version="1.0"?>
<ErrorResponse xmlns="${NAMESPACE}"><Error><Type>Sender</Type><Code>InvalidChangeBatch</Code><Message>[Tried to delete resource record set [name='app.example.com.', type='A'] but it was not found]</Message></Error><RequestId>1</RequestId></ErrorResponse>`,
  zone: `<NoSuchHostedZone xmlns="${NAMESPACE}"><Message>No hosted zone found with ID: Z1</Message></NoSuchHostedZone>`,
};

async function refusal(body: string): Promise<DnsError> {
  process.env.AWS_ACCESS_KEY_ID = 'key';
  process.env.AWS_SECRET_ACCESS_KEY = 'secret';
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(400, { 'content-type': 'text/xml' }).end(body);
  });
  const port = await listenOnLoopback(server);
  const config = { apiUrl: `http://127.0.0.1:${port}`, zoneId: undefined, privateZone: false };
  const dispatcher = new Agent();
  const call = new Route53Api(config, {
    clock: systemClock,
    dispatcher,
    limiters: new CallLimiters(systemClock),
  }).change('example.com', 'Z1', [], () => undefined, abort);
  try {
    const error: unknown = await call.catch((reason: unknown) => reason);
    assert.ok(error instanceof DnsError, String(error));
    return error;
  } finally {
    await dispatcher.destroy();
    server.closeAllConnections();
    server.close();
  }
}

test('each reason under the old root element reaches the user, under its code', async () => {
  const error = await refusal(ANSWERS.old);
  assert.match(error.message, /CNAME .* is not permitted at apex .*; FATAL problem: .* with 'x'/);
  assert.deepEqual([error.kind, error.code], ['refused', 'InvalidChangeBatch']);
});

test('an old root element that is the code itself', async () => {
  const error = await refusal(ANSWERS.zone);
  assert.match(error.message, /No hosted zone found with ID: Z1/);
  assert.deepEqual([error.kind, error.code], ['config', 'NoSuchHostedZone']);
});

test('the form of today', async () => {
  const error = await refusal(ANSWERS.new);
  assert.match(error.message, /but it was not found/);
  assert.deepEqual([error.kind, error.code], ['conflict', 'InvalidChangeBatch']);
});

test('what is no error of the API stays as it is', () => {
  for (const text of ['', 'busy', '<html><body>busy</body></html>', ANSWERS.new])
    assert.equal(asErrorResponse(text), text);
});
