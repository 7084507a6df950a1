import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answering } from '../providers/route53/testing/answering.ts';
import { ListSize } from './list-size.ts';

const { signal: abort } = new AbortController();
const LARGE = 'x'.repeat(1_900_000);

test('a list of a hundred thousand records has room, one of pages of megabytes has not', () => {
  const [records, pages] = [new ListSize(), new ListSize()];
  const record = {
    id: '372e67954025e0ba6aaa6d586b9e0b59',
    name: 'host.example.com',
    type: 'A',
    content: '192.0.2.1',
  };
  for (let page = 20; page > 0; page -= 1)
    assert.ok(records.take(Array.from({ length: 5_000 }, () => record)));
  const taken = Array.from({ length: 30 }, () => pages.take([LARGE]));
  assert.equal(taken.filter(Boolean).length, 17);
});

test('pages of Route 53 without an end are not gathered until the heap is full', {
  timeout: 60_000,
}, async (t) => {
  let asked = 0;
  const set = `<ResourceRecordSet><Name>app.example.com.</Name><Type>TXT</Type><SetIdentifier>${LARGE}</SetIdentifier></ResourceRecordSet>`;
  const next =
    '<IsTruncated>true</IsTruncated><NextRecordName>app.example.com.</NextRecordName><NextRecordType>TXT</NextRecordType>';
  const { api } = await answering(t, (request, response) => {
    asked += 1;
    request.resume();
    response.end(
      `<ListResourceRecordSetsResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ResourceRecordSets>${set}</ResourceRecordSets>${next}<MaxItems>300</MaxItems></ListResourceRecordSetsResponse>`,
    );
  });
  await assert.rejects(api.records('Z1', 'app.example.com', abort, 'move'), /more than any zone has/);
  assert.equal(asked, 18);
});
