import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from './random.ts';

const draw = (random: SeededRandom, count: number) => Array.from({ length: count }, random.next);

test('the same seed gives the same numbers, another seed others', () => {
  assert.deepEqual(draw(new SeededRandom(7), 20), draw(new SeededRandom(7), 20));
  assert.notDeepEqual(draw(new SeededRandom(7), 20), draw(new SeededRandom(8), 20));
});

test('a derived stream does not depend on what others draw later', () => {
  const one = new SeededRandom(1);
  const other = new SeededRandom(1);
  const first = one.derive('x');
  const second = other.derive('x');
  draw(one, 5);
  assert.deepEqual(draw(first, 5), draw(second, 5));
  assert.notDeepEqual(draw(new SeededRandom(1).derive('x'), 5), draw(new SeededRandom(1).derive('y'), 5));
});

test('numbers spread evenly, also over neighbouring seeds', () => {
  const buckets = Array.from({ length: 10 }, () => 0);
  for (let seed = 0; seed < 2_000; seed += 1) {
    for (const value of draw(new SeededRandom(seed), 5)) {
      const bucket = Math.floor(value * 10);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
  }
  for (const count of buckets) assert.ok(Math.abs(count - 1_000) < 120, `a bucket holds ${count} of 10000`);
});

test('integers include both ends, and picks every item', () => {
  const random = new SeededRandom('ends');
  const seen = new Set(Array.from({ length: 200 }, () => random.integer(3, 5)));
  assert.deepEqual(
    [...seen].sort((a, b) => a - b),
    [3, 4, 5],
  );
  const picked = new Set(Array.from({ length: 200 }, () => random.pick(['a', 'b'])));
  assert.deepEqual([...picked].sort(), ['a', 'b']);
  assert.throws(() => random.pick([]), /nothing to pick from/);
});
