/** The clock of this node is off. Route 53 says so as `SignatureDoesNotMatch` (kubernetes-sigs/external-dns#1626 and #5499). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answering } from './testing/answering.ts';

const { signal: abort } = new AbortController();
const NAMESPACE = 'xmlns="https://route53.amazonaws.com/doc/2013-04-01/"';
const NO_ZONES = `<ListHostedZonesByNameResponse ${NAMESPACE}><HostedZones/><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems></ListHostedZonesByNameResponse>`;
const FIVE_MINUTES = 5 * 60_000;

/** As `20260101T120000Z`. */
function compact(time: number): string {
  return new Date(time).toISOString().replace(/[-:]|\.\d+/g, '');
}

function timeOf(text: string): number {
  return Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

for (const [what, offMs, code, said] of [
  ['behind', 20 * 60_000, 'SignatureDoesNotMatch', 'Signature expired: %s is now earlier than'],
  ['ahead', -20 * 60_000, 'SignatureDoesNotMatch', 'Signature not yet current: %s is still later than'],
  ['behind, in other words', 20 * 60_000, 'RequestTimeTooSkewed', 'The difference is too large'],
] as const) {
  test(`a clock that is ${what}: the error says so, and the next call has the time of AWS`, async (t) => {
    const { api } = await answering(t, (request, response) => {
      const now = Date.now() + offMs;
      response.setHeader('date', new Date(now).toUTCString());
      const signed = String(request.headers['x-amz-date']);
      if (Math.abs(timeOf(signed) - now) <= FIVE_MINUTES) return void response.end(NO_ZONES);
      const message = `${said.replace('%s', signed)} ${compact(now - FIVE_MINUTES)} (${compact(now)} - 5 min.)`;
      response
        .writeHead(403)
        .end(
          `<ErrorResponse ${NAMESPACE}><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>1</RequestId></ErrorResponse>`,
        );
    });
    const list = () => api.zonesNamed('example.com', abort);
    await assert.rejects(list(), {
      kind: 'retry',
      code: 'RequestTimeTooSkewed',
      action: /clock of this node/,
    });
    assert.deepEqual(await list(), []);
  });
}

test('where the time of AWS is unknown as well, somebody has to set the clock', async (t) => {
  const { api } = await answering(t, (_, response) => {
    response.sendDate = false;
    response
      .writeHead(403)
      .end(
        `<ErrorResponse ${NAMESPACE}><Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code><Message>Signature expired: 20260101T120000Z is now earlier than 20260101T121500Z (20260101T122000Z - 5 min.)</Message></Error><RequestId>1</RequestId></ErrorResponse>`,
      );
  });
  const list = api.zonesNamed('example.com', abort);
  await assert.rejects(list, { kind: 'config', action: /clock of this node/ });
});
