import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANY_TTL } from '../records.ts';
import { setsAmong } from './record-sets.ts';

const record = (value: string, more: object = {}) => ({
  name: 'app.example.com',
  type: 'A',
  ttl: 60,
  values: [value],
  ...more,
});

test('records of one name and type are one set, in their order, each value once', () => {
  const rest = { name: 'app.example.com', type: 'A' };
  const twice = [record('192.0.2.1'), record('192.0.2.2', { ttl: 300 }), record('192.0.2.1')];
  assert.deepEqual(setsAmong(twice), [{ ...rest, ttl: 60, values: ['192.0.2.1', '192.0.2.2'] }]);
  const special = record('', { special: 'an alias of x' });
  const both = { ...rest, ttl: ANY_TTL };
  assert.deepEqual(setsAmong([record('192.0.2.1'), special]), [
    { ...both, values: ['192.0.2.1', 'an alias of x'] },
  ]);
  assert.deepEqual(setsAmong([special, record('192.0.2.1')]), [
    { ...both, values: ['an alias of x', '192.0.2.1'] },
  ]);
});

test('a hundred thousand records of one name take time that grows with their number', () => {
  const records = Array.from({ length: 100_000 }, (_, at) => record(`"text ${at}"`, { type: 'TXT' }));
  const began = process.cpuUsage();
  const [set] = setsAmong(records);
  const { user, system } = process.cpuUsage(began);
  assert.equal(set?.values.length, records.length);
  assert.ok(user + system < 5_000_000, `${(user + system) / 1_000} ms`);
});
