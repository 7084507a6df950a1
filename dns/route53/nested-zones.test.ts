/** Zones below one another in an account, and what a role may read of them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { Agent } from 'undici';
import { systemClock } from '../../runtime/clock.ts';
import { Route53Api } from './api.ts';
import { Route53Provider } from './provider.ts';

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
  process.env.AWS_ACCESS_KEY_ID = 'key';
  process.env.AWS_SECRET_ACCESS_KEY = 'secret';
  let calls = 0;
  const server = createServer((request, response) => {
    calls += 1;
    const isRecords = request.url?.includes('/rrset') === true;
    response.writeHead(isRecords && cuts === undefined ? 403 : 200, { 'content-type': 'text/xml' });
    response.end(isRecords ? (cuts === undefined ? DENIED : cutList(cuts)) : zoneList([TOP, ...zones]));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const dispatcher = new Agent();
  t.after(async () => {
    await dispatcher.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const config = { apiUrl: `http://127.0.0.1:${port}`, zoneId: undefined, privateZone: false };
  const provider = new Route53Provider(new Route53Api(config, { clock: systemClock, dispatcher }), config);
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
