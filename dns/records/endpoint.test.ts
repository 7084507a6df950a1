/** What a change makes of the endpoints of ExternalDNS. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordSet, RecordType } from '../records.ts';
import { type Endpoint, editsOf, isProxied } from './endpoint.ts';

const NAME = 'app.example.com';
const PROXIED = { name: 'external-dns.alpha.kubernetes.io/cloudflare-proxied', value: 'true' };
const WEIGHT = { name: 'aws/weight', value: '5' };

const set = (type: RecordType, value: string): RecordSet => ({ name: NAME, type, ttl: 60, values: [value] });
const endpoint = (type: RecordType, value: string, ...providerSpecific: (typeof PROXIED)[]): Endpoint => ({
  dnsName: NAME,
  recordType: type,
  targets: [value],
  recordTTL: 60,
  providerSpecific,
});

test('a name that is proxied at Cloudflare stays so at a change of its type, and with an address of the other family', () => {
  const there = [endpoint('A', '192.0.2.1', PROXIED, WEIGHT)];
  for (const changes of [
    [
      { action: 'delete', current: set('A', '192.0.2.1') },
      { action: 'create', desired: set('CNAME', 'west.example.org') },
    ],
    [{ action: 'create', desired: set('AAAA', '2001:db8::1') }],
  ] as const) {
    const made = editsOf(there, changes).flatMap(({ after }) => after ?? []);
    assert.deepEqual(
      made.map((each) => each.providerSpecific),
      [[PROXIED]],
    );
  }
});

test('a new record of a name that is not proxied, or of another one, gets no setting', () => {
  const others = [
    endpoint('A', '192.0.2.1', { ...PROXIED, value: 'false' }),
    { ...endpoint('A', '192.0.2.1', PROXIED), dnsName: 'other.example.com' },
  ];
  const [edit] = editsOf(others, [{ action: 'create', desired: set('AAAA', '2001:db8::1') }]);
  assert.equal(edit?.after?.providerSpecific, undefined);
  assert.equal(isProxied(edit?.after ?? {}), false);
});
