import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordSet, RecordType } from '../../records.ts';
import type { CloudflareRecord } from './api.ts';
import { batchOf, MARK } from './records.ts';

const NAME = 'app.example.com';
const set = (type: RecordType, value: string): RecordSet => ({ name: NAME, type, ttl: 60, values: [value] });
const ADDRESS = set('A', '192.0.2.1');
const ALIAS = set('CNAME', 'west.example.org');

function record(type: string, content: string, more: Partial<CloudflareRecord> = {}): CloudflareRecord {
  return { id: `${type}-1`, name: NAME, type, content, ttl: 60, proxied: false, ...more };
}

/** The records that are made in the place of `there`. */
function replaced(there: readonly CloudflareRecord[], current: RecordSet, desired: RecordSet) {
  const { posts } = batchOf(there, [
    { action: 'delete', current },
    { action: 'create', desired },
  ]);
  return posts;
}

test('what a person has set at a record stays at a change of its type', () => {
  const comment = 'ask Ann';
  const tags = ['team:web'];
  assert.deepEqual(
    replaced([record('A', '192.0.2.1', { comment, tags, settings: { ipv4_only: true } })], ADDRESS, ALIAS),
    [
      {
        name: NAME,
        type: 'CNAME',
        content: 'west.example.org',
        ttl: 60,
        proxied: false,
        comment,
        tags,
        settings: { ipv4_only: true },
      },
    ],
  );
  const settings = { flatten_cname: true, ipv6_only: false };
  const [address] = replaced([record('CNAME', 'west.example.org', { settings })], ALIAS, ADDRESS);
  assert.deepEqual(address?.settings, { ipv6_only: false });
});

test('nothing is sent of what is not set, and other records at the name are no example', () => {
  const there = [record('TXT', '"v=spf1 -all"', { comment: 'mail' }), record('A', '192.0.2.1', { tags: [] })];
  assert.deepEqual(replaced(there, ADDRESS, ALIAS), [
    { name: NAME, type: 'CNAME', content: 'west.example.org', ttl: 60, proxied: false, comment: MARK },
  ]);
});

test('of several addresses one that is proxied stays, as the name was proxied by it alone', () => {
  const there = [
    record('A', '192.0.2.1', { id: 'bare' }),
    record('A', '192.0.2.2', { id: 'proxied', proxied: true, ttl: 1 }),
  ];
  const current = { ...ADDRESS, values: ['192.0.2.1', '192.0.2.2'] };
  const { deletes, patches } = batchOf(there, [
    { action: 'update', current, desired: set('A', '192.0.2.3') },
  ]);
  assert.deepEqual(deletes, [{ id: 'bare' }]);
  assert.deepEqual(
    patches.map(({ id, content, ttl }) => [id, content, ttl]),
    [['proxied', '192.0.2.3', 1]],
  );
});
