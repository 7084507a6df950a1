import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectionBudget } from './warm-connections.ts';

test('followers that are about to move at once open some connections together, and as many again later', () => {
  let now = 0;
  const opened = new ConnectionBudget({ elapsed: () => now });
  const ofEach = () => Array.from({ length: 16 }, () => opened.take());
  const sum = (counts: readonly number[]) => counts.reduce((one, other) => one + other, 0);
  const first = ofEach();
  assert.equal(first[0], 12);
  assert.equal(sum(first), 36);
  now = 9_999;
  assert.equal(sum(ofEach()), 0);
  now = 10_000;
  assert.equal(sum(ofEach()), 36);
});
