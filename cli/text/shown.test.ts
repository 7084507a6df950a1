import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shownOf } from './shown.ts';

const ownerOf = (item: string) => item.slice(0, 1);
const many = Array.from({ length: 1_000 }, (_, index) => `a${index}`);

test('of more than there is room for, some of each owner are shown, in their order', () => {
  assert.deepEqual(shownOf([...many, 'b1', 'b2', 'c1'], 5, ownerOf), ['a0', 'a1', 'b1', 'b2', 'c1']);
  assert.deepEqual(shownOf(many, 3, ownerOf), ['a0', 'a1', 'a2']);
});

test('all are shown where there is room', () => {
  assert.deepEqual(shownOf(['b', 'a', 'a'], 3, ownerOf), ['b', 'a', 'a']);
});
