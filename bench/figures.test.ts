import assert from 'node:assert/strict';
import { test } from 'node:test';
import { figuresOf } from './figures.ts';

const upTo = (count: number) => Array.from({ length: count }, (_, index) => count - index);

for (const [count, p50, p95, p99] of [
  [1, 1, 1, 1],
  [2, 1, 2, 2],
  [100, 50, 95, 99],
  [101, 51, 96, 100],
  [150, 75, 143, 149],
] as const) {
  test(`of ${count} samples`, () => {
    assert.deepEqual(figuresOf(upTo(count)), { count, p50, p95, p99, max: count });
  });
}

test('of no sample there are none', () => {
  assert.throws(() => figuresOf([]), /nothing/);
});
