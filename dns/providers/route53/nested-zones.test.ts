/** Zones below one another in an account, and what a role may read of them. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { answering } from './testing/answering.ts';

const NAMESPACE = 'xmlns="https://route53.amazonaws.com/doc/2013-04-01/"';
const TOP = 'example.com';
const { signal: abort } = new AbortController();

function zoneList(names: readonly string[]): string {
  const zones = names.map(
    (name) =>
      `<HostedZone><Id>/hostedzone/Z-${name}</Id><Name>${name}.</Name><CallerReference>r</CallerReference></HostedZone>`,
  );
  return `<ListHostedZonesByNameResponse ${NAMESPACE}><HostedZones>${zones.join('')}</HostedZones><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems></ListHostedZonesByNameResponse>`;
}

function cutList(names: readonly string[]): string {
  const value =
    '<ResourceRecords><ResourceRecord><Value>ns1.example.org</Value></ResourceRecord></ResourceRecords>';
  const sets = names.map(
    (name) =>
      `<ResourceRecordSet><Name>${name}.</Name><Type>NS</Type><TTL>60</TTL>${value}</ResourceRecordSet>`,
  );
  return `<ListResourceRecordSetsResponse ${NAMESPACE}><ResourceRecordSets>${sets.join('')}</ResourceRecordSets><IsTruncated>false</IsTruncated><MaxItems>300</MaxItems></ListResourceRecordSetsResponse>`;
}

const DENIED = `<ErrorResponse ${NAMESPACE}><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not authorized to perform: route53:ListResourceRecordSets</Message></Error><RequestId>1</RequestId></ErrorResponse>`;

/** An account with `zones` below TOP, of which `cuts` are delegated; undefined: the role may not read TOP. */
async function account(t: TestContext, zones: readonly string[], cuts?: readonly string[]) {
  let calls = 0;
  const { provider } = await answering(t, (request, response) => {
    calls += 1;
    const isRecords = request.url?.includes('/rrset') === true;
    response.writeHead(isRecords && cuts === undefined ? 403 : 200, { 'content-type': 'text/xml' });
    response.end(isRecords ? (cuts === undefined ? DENIED : cutList(cuts)) : zoneList([TOP, ...zones]));
  });
  const names = zones.map((zone) => `app.${zone}`);
  return { within: () => provider.zonesWithin(TOP, names, abort), calls: () => calls };
}

test('a name in each of a hundred zones: which are delegated is asked for at once', async (t) => {
  const zones = Array.from({ length: 100 }, (_, index) => `t${index}.${TOP}`);
  const { within, calls } = await account(t, zones, zones.slice(1));
  assert.deepEqual(new Set(await within()), new Set([TOP, ...zones.slice(1)]));
  assert.equal(calls(), 2);
});

test('a zone above that the role may not read keeps nobody from the one that it may', async (t) => {
  const { within } = await account(t, [`dev.${TOP}`]);
  assert.deepEqual(await within(), [TOP, `dev.${TOP}`]);
});
