/** What a batch depends on, where the service takes the form of it and where it does not. */
import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import type { RecordSet } from '../../records.ts';
import { plainName } from './records.ts';
import { answering } from './testing/answering.ts';

const NAMESPACE = 'xmlns="https://route53.amazonaws.com/doc/2013-04-01/"';
const ZONE = 'example.com';
const CLAIM: RecordSet<'TXT'> = { name: `claim.${ZONE}`, type: 'TXT', ttl: 60, values: ['east 3'] };
const APP: RecordSet<'A'> = { name: `app.${ZONE}`, type: 'A', ttl: 60, values: ['192.0.2.7'] };
const ZONES = `<ListHostedZonesByNameResponse ${NAMESPACE}><HostedZones><HostedZone><Id>/hostedzone/Z1</Id><Name>${ZONE}.</Name><CallerReference>r</CallerReference></HostedZone></HostedZones><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems></ListHostedZonesByNameResponse>`;
const SETS = `<ListResourceRecordSetsResponse ${NAMESPACE}><ResourceRecordSets><ResourceRecordSet><Name>${CLAIM.name}.</Name><Type>TXT</Type><TTL>60</TTL><ResourceRecords><ResourceRecord><Value>"east 3"</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></ResourceRecordSets><IsTruncated>false</IsTruncated><MaxItems>300</MaxItems></ListResourceRecordSetsResponse>`;
const CHANGED = `<ChangeResourceRecordSetsResponse ${NAMESPACE}><ChangeInfo><Id>/change/C1</Id><Status>PENDING</Status><SubmittedAt>2026-01-01T00:00:00Z</SubmittedAt></ChangeInfo></ChangeResourceRecordSetsResponse>`;

/** Resolves to the names in each batch that was sent; `refusal`: what the service says where the claim is in it. */
async function written(t: TestContext, refusal?: string): Promise<readonly (readonly string[])[]> {
  const batches: string[][] = [];
  const { provider } = await answering(t, (request, response) => {
    const answer = (status: number, body: string) =>
      response.writeHead(status, { 'content-type': 'text/xml' }).end(body);
    if (request.method === 'GET') answer(200, request.url?.includes('/rrset') ? SETS : ZONES);
    else void text(request).then((body) => change(body, answer));
  });
  const change = (body: string, answer: (status: number, body: string) => void) => {
    const names = [...body.matchAll(/<Name>([^<]+)<\/Name>/g)].map(([, name = '']) => plainName(name));
    batches.push(names);
    const isRefused = refusal !== undefined && names.some((name) => name.startsWith(CLAIM.name));
    const message = `<ErrorResponse ${NAMESPACE}><Error><Type>Sender</Type><Code>InvalidChangeBatch</Code><Message>${refusal}</Message></Error><RequestId>1</RequestId></ErrorResponse>`;
    if (isRefused) answer(400, message);
    else answer(200, CHANGED);
  };
  const { signal: abort } = new AbortController();
  const guard = { abort, assertMayWrite: () => undefined, condition: CLAIM };
  try {
    await provider.apply(ZONE, [{ action: 'create', desired: APP }], guard);
  } catch (error) {
    assert.equal((error as { readonly kind?: string }).kind, 'conflict');
    batches.push(['conflict']);
  }
  return batches;
}

const CONDITIONAL = [CLAIM.name, CLAIM.name, APP.name];

test('a claim that stays is in the batch', async (t) => {
  assert.deepEqual(await written(t), [CONDITIONAL]);
});

test('a service that does not take this form gets the records without it', async (t) => {
  const refusal = `[The request contains an invalid set of changes for a resource record set 'TXT ${CLAIM.name}.']`;
  assert.deepEqual(await written(t, refusal), [CONDITIONAL, [APP.name]]);
});

test('another claim by then is a conflict, and nothing is written', async (t) => {
  const refusal = `[Tried to delete resource record set [name='${CLAIM.name}.', type='TXT'] but the values provided do not match the current values]`;
  assert.deepEqual(await written(t, refusal), [CONDITIONAL, ['conflict']]);
});
