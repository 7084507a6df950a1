import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inParts } from './planned.ts';
import type { Change } from './records.ts';

const create = (name: string, type: 'A' | 'AAAA' = 'A'): Change => ({
  action: 'create',
  desired: { name, type, ttl: 60, values: ['192.0.2.1'] },
});
const namesOf = (parts: readonly (readonly Change[])[]) =>
  parts.map((part) => part.map((change) => ('desired' in change ? change.desired.name : '')));

test('parts are filled up to the limit, in order', () => {
  const parts = inParts(
    ['a', 'b', 'c', 'd', 'e'].map((name) => create(name)),
    2,
    () => 1,
  );
  assert.deepEqual(namesOf(parts), [['a', 'b'], ['c', 'd'], ['e']]);
});

test('all changes of one name are in one part, also when they stand apart or are too many', () => {
  const changes = [create('a'), create('b'), create('a', 'AAAA'), create('c')];
  assert.deepEqual(namesOf(inParts(changes, 2, () => 1)), [
    ['a', 'a'],
    ['b', 'c'],
  ]);
  assert.deepEqual(namesOf(inParts(changes, 1, () => 1)), [['a', 'a'], ['b'], ['c']]);
});

test('nothing has no part', () => {
  assert.deepEqual(
    inParts([], 2, () => 1),
    [],
  );
});
