import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordsOfNames } from './records-of-names.ts';

async function callsFor(count: number, pages?: number): Promise<readonly (string | undefined)[]> {
  const names = new Set(Array.from({ length: count }, (_, index) => `host-${index}`));
  const calls: (string | undefined)[] = [];
  const list = (name: string | undefined) => {
    calls.push(name);
    return Promise.resolve(name === undefined ? [...names, 'other'] : [name]);
  };
  const found = await recordsOfNames(names, (record: string) => record, list, pages);
  assert.deepEqual(found, [...names]);
  return calls;
}

test('few names are read one by one, and more where listing the zone would be more calls', async () => {
  assert.equal((await callsFor(4)).length, 4);
  assert.deepEqual(await callsFor(5), [undefined]);
  assert.equal((await callsFor(5, 41)).length, 5);
  assert.equal((await callsFor(41, 41)).length, 41);
  assert.deepEqual(await callsFor(42, 41), [undefined]);
  assert.equal((await callsFor(42, Number.POSITIVE_INFINITY)).length, 42);
});
