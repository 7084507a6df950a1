/** What comes in the place of an answer of Route 53. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { DnsError } from '../../provider.ts';
import { answering } from './testing/answering.ts';

const NAMESPACE = 'https://route53.amazonaws.com/doc/2013-04-01/';
const TOKEN = 'IQoJb3JpZ2luX2VjEXAMPLE/+token==';
const { signal: abort } = new AbortController();

/** Of a call whose answer is this. */
async function failure(t: TestContext, status: number, body: string): Promise<DnsError> {
  process.env.AWS_SESSION_TOKEN = TOKEN;
  t.after(() => delete process.env.AWS_SESSION_TOKEN);
  const { api } = await answering(t, (request, response) => {
    request.resume();
    const signed = String(request.headers['x-amz-security-token']);
    response.writeHead(status).end(body.replace('SIGNED', signed));
  });
  const error: unknown = await api.zonesNamed('example.com', abort).catch((reason: unknown) => reason);
  assert.ok(error instanceof DnsError, `accepted: ${JSON.stringify(error)}`);
  return error;
}

const LIST = `<?xml version="1.0"?><ListHostedZonesByNameResponse xmlns="${NAMESPACE}"><HostedZones></HostedZones><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems></ListHostedZonesByNameResponse>`;
const STRANGE = {
  'a page of something between': '<!DOCTYPE html><html><body><p>Please log in</p></body></html>',
  nothing: '',
  'another document of the API': `<GetChangeResponse xmlns="${NAMESPACE}"><ChangeInfo></ChangeInfo></GetChangeResponse>`,
  'an answer that is cut off': LIST.slice(0, -40),
  'no XML': '{"HostedZones":[]}',
  // Of which each doubled the time, as a byte order mark is white space as well.
  'an answer behind a row of byte order marks': `${'\uFEFF'.repeat(60)}x${LIST}`,
};

for (const [what, body] of Object.entries(STRANGE)) {
  test(`${what} is no list without zones`, async (t) => {
    const { kind, code, scope, message } = await failure(t, 200, body);
    assert.deepEqual([kind, code, scope], ['retry', 'bad-answer', 'zone'], message);
  });
}

test('an answer that is larger than a page can be is not read on, as its references alone would fill the heap', async (t) => {
  const body = LIST.replace(
    '</HostedZones>',
    `<HostedZone><Name>${'&amp;'.repeat(500_000)}</Name></HostedZone></HostedZones>`,
  );
  const { kind, message } = await failure(t, 200, body);
  assert.equal(kind, 'retry');
  assert.match(message, /more than 2097152 bytes/);
});

for (const [status, kind] of [
  [403, 'retry'],
  [429, 'rate'],
  [502, 'retry'],
] as const) {
  test(`HTTP ${status} of something between says nothing of credentials and records`, async (t) => {
    const error = await failure(t, status, STRANGE['a page of something between']);
    assert.deepEqual([error.kind, error.code, error.scope], [kind, String(status), 'zone'], error.message);
  });
}

test('the token of a session is not shown, though the API says what had to be signed', async (t) => {
  const message = "The Canonical String should have been 'GET\nx-amz-security-token:SIGNED\n'";
  const error = `<Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code><Message>${message}</Message></Error>`;
  const body = `<ErrorResponse xmlns="${NAMESPACE}">${error}<RequestId>1</RequestId></ErrorResponse>`;
  const { kind, message: said, stack } = await failure(t, 403, body);
  assert.equal(kind, 'config');
  assert.match(said, /x-amz-security-token:\*\*\*/);
  assert.ok(!`${said} ${stack}`.includes(TOKEN));
});
