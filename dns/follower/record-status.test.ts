import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { DnsError } from '../provider.ts';
import type { RecordSet } from '../records.ts';
import { type RecordStatus, RecordStatuses } from './record-status.ts';

const ZONE = 'my.example';
const WANTED: RecordSet = { name: 'www.my.example', type: 'A', values: ['192.0.2.1'], ttl: 60 };

function scene() {
  let rows: readonly RecordStatus[] = [];
  let reports = 0;
  const statuses = new RecordStatuses(new VirtualClock(), (all) => {
    rows = all;
    reports += 1;
  });
  statuses.setDesired(ZONE, [WANTED]);
  return { statuses, row: () => rows[0], reports: () => reports };
}

const addresses = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`);

test('a status is of bounded size, whatever a provider or a name server answers', () => {
  const { statuses, row } = scene();
  const many = { ...WANTED, values: [...addresses(100_000), 'x'.repeat(1_000_000)] };
  statuses.setAccepted(ZONE, [many]);
  statuses.setSeen(WANTED.name, 'A', { values: many.values, servers: ['ns'], silent: [] });
  statuses.setUnfollowed(ZONE, [{ ...many, type: 'AAAA' }]);
  const error = new DnsError('x'.repeat(1_000_000), { kind: 'config', action: 'Do it.' });
  statuses.setErrors(ZONE, new Map([[WANTED.name, error]]));
  const bytes = JSON.stringify(row()).length;
  assert.ok(bytes < 20_000, `${bytes} bytes`);
  assert.equal(row()?.accepted?.values.at(-1), 'and 99901 more');
  assert.ok(error.message.length <= 2_048);
});

test('values are shown as they are when they are as many as are wanted, and the same ones are no news', () => {
  const { statuses, row, reports } = scene();
  const wanted = { ...WANTED, values: addresses(300) };
  statuses.setDesired(ZONE, [wanted]);
  statuses.setAccepted(ZONE, [wanted]);
  assert.deepEqual(row()?.accepted?.values, wanted.values);
  const more = { ...WANTED, values: addresses(1_000) };
  statuses.setAccepted(ZONE, [more]);
  const before = reports();
  statuses.setAccepted(ZONE, [more]);
  assert.equal(reports(), before);
});
