import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PendingChanges } from './pending-changes.ts';

const { signal: abort } = new AbortController();

test('many records that ask at once are one call for each change', async () => {
  const asked: string[] = [];
  const pending = new PendingChanges((id) => {
    asked.push(id);
    return Promise.resolve(true);
  });
  pending.accepted('example.com', 'C1');
  pending.accepted('example.com', 'C2');
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => pending.isInSync('example.com', abort)),
  );
  assert.ok(answers.every(Boolean));
  assert.deepEqual(asked, ['C1', 'C2']);
  assert.equal(await pending.isInSync('example.com', abort), true);
  assert.deepEqual(asked, ['C1', 'C2']);
});

test('a change under way is asked for again, and the zone is not in sync before', async () => {
  let done = false;
  const pending = new PendingChanges(() => Promise.resolve(done));
  pending.accepted('example.com', 'C1');
  assert.equal(await pending.isInSync('example.com', abort), false);
  done = true;
  assert.equal(await pending.isInSync('example.com', abort), true);
  assert.equal(await pending.isInSync('example.net', abort), true);
});

test('a call that failed is made again', async () => {
  let fails = true;
  const pending = new PendingChanges(() =>
    fails ? Promise.reject(new Error('no answer')) : Promise.resolve(true),
  );
  pending.accepted('example.com', 'C1');
  await assert.rejects(pending.isInSync('example.com', abort), /no answer/);
  fails = false;
  assert.equal(await pending.isInSync('example.com', abort), true);
});
