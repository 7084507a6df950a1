/** A zone of many pages: what is asked for of it. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { answering } from './testing/answering.ts';

const NAMESPACE = 'xmlns="https://route53.amazonaws.com/doc/2013-04-01/"';
const ZONE = 'large.example';
const PAGES = 41;
const { signal: abort } = new AbortController();

/** Each page has one set: what was asked for, and an end that it gives no name to. As the published samples, without the rest. */
function page(name: string | null, page: number): string {
  const set = `<ResourceRecordSet><Name>${name ?? `host-${page}.${ZONE}.`}</Name><Type>A</Type><TTL>60</TTL><ResourceRecords><ResourceRecord><Value>192.0.2.1</Value></ResourceRecord></ResourceRecords></ResourceRecordSet>`;
  const next = `<NextRecordName>x-${page + 1}.${ZONE}.</NextRecordName><NextRecordType>A</NextRecordType>`;
  const isLast = page >= PAGES;
  return `<ListResourceRecordSetsResponse ${NAMESPACE}><ResourceRecordSets>${set}</ResourceRecordSets><IsTruncated>${!isLast}</IsTruncated>${isLast ? '' : next}<MaxItems>300</MaxItems></ListResourceRecordSetsResponse>`;
}

function zones(count?: number): string {
  const sets = count === undefined ? '' : `<ResourceRecordSetCount>${count}</ResourceRecordSetCount>`;
  return `<ListHostedZonesByNameResponse ${NAMESPACE}><HostedZones><HostedZone><Id>/hostedzone/Z1</Id><Name>${ZONE}.</Name><CallerReference>r</CallerReference>${sets}</HostedZone></HostedZones><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems></ListHostedZonesByNameResponse>`;
}

async function largeZone(t: TestContext, count?: number) {
  const asked: string[] = [];
  const { provider } = await answering(t, (request, response) => {
    const url = new URL(request.url ?? '', 'http://localhost');
    const isRecords = url.pathname.endsWith('/rrset');
    const name = url.searchParams.get('name');
    if (isRecords) asked.push(name ?? 'the zone');
    const [, from] = /^x-(\d+)\./.exec(name ?? '') ?? [];
    const isPage = name === null || from !== undefined;
    const records = page(isPage ? null : name, isPage ? Number(from ?? 1) : PAGES);
    response.setHeader('content-type', 'text/xml').end(isRecords ? records : zones(count));
  });
  const read = async (...names: readonly string[]) => {
    const { sets } = await provider.read({ zone: ZONE, names, abort });
    return sets.map(({ name }) => name);
  };
  return { asked, read };
}

for (const [what, count, calls] of [
  ['the zone says how large it is', 12_300, 5],
  ['nobody says how large the zone is', undefined, 10],
] as const) {
  test(`few names of a zone of many pages are read by their names: ${what}`, async (t) => {
    const { asked, read } = await largeZone(t, count);
    const names = ['one', 'two', 'three', 'four', 'five'].map((host) => `${host}.${ZONE}`);
    assert.deepEqual(await read(...names), names);
    assert.equal(asked.length, calls);
  });
}

test('one deep name of a zone of many pages is read with the names above it', async (t) => {
  const { asked, read } = await largeZone(t, 12_300);
  assert.deepEqual(await read(`a.b.c.d.e.${ZONE}`), [`a.b.c.d.e.${ZONE}`]);
  assert.equal(asked.length, 5);
});
