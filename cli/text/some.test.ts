import assert from 'node:assert/strict';
import { test } from 'node:test';
import { someOf } from './some.ts';

test('of thousands of names a sentence has five', () => {
  assert.equal(someOf(['a', 'b', 'c', 'd', 'e']), 'a, b, c, d, e');
  const names = Array.from({ length: 2_000 }, (_, at) => `n${at}`);
  assert.equal(someOf(names), 'n0, n1, n2, n3, n4 and 1995 more');
  assert.equal(someOf([]), '');
});
