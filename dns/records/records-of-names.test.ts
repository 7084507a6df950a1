import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordsOfNames } from './records-of-names.ts';

async function callsFor(count: number, pages: number): Promise<readonly (string | number)[]> {
  const names = new Set(Array.from({ length: count }, (_, index) => `host-${index}`));
  const calls: (string | number)[] = [];
  const found = await recordsOfNames(names, (record: string) => record, {
    ofName: (name) => {
      calls.push(name);
      return Promise.resolve([name]);
    },
    ofZone: (mostPages) => {
      calls.push(mostPages);
      return Promise.resolve(pages > mostPages ? undefined : [...names, 'other']);
    },
  });
  assert.deepEqual(found, [...names]);
  return calls;
}

test('a zone is listed where that is fewer calls than one for each name', async () => {
  assert.deepEqual(await callsFor(1, 1), ['host-0']);
  assert.deepEqual(await callsFor(2, 1), [1]);
  assert.deepEqual(await callsFor(4, 1), [1]);
  assert.deepEqual(await callsFor(2, 2), [1, 'host-0', 'host-1']);
  assert.deepEqual(await callsFor(5, 5), [5]);
  assert.deepEqual(await callsFor(5, 6), [5, 'host-0', 'host-1', 'host-2', 'host-3', 'host-4']);
  assert.deepEqual(await callsFor(42, 41), [42]);
});
