import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { backoff } from './backoff.ts';

const OPTIONS = { base: 500, max: 60_000 };
const LONGEST = () => 1 - Number.EPSILON;
const SHORTEST = () => 0;

describe('back-off', () => {
  for (const [attempt, shortest, longest] of [
    [0, 250, 500],
    [1, 500, 1_000],
    [2, 1_000, 2_000],
    [6, 16_000, 32_000],
    [7, 30_000, 60_000],
    [1_000_000, 30_000, 60_000],
  ] as const) {
    test(`of attempt ${attempt} is between ${shortest} and ${longest} ms`, () => {
      assert.equal(backoff(attempt, OPTIONS, SHORTEST), shortest);
      assert.equal(Math.round(backoff(attempt, OPTIONS, LONGEST)), longest);
    });
  }

  test('is never nothing, never above its limit, and never shrinks', () => {
    const options = fc.record({
      base: fc.integer({ min: 1, max: 1e6 }),
      max: fc.integer({ min: 1, max: 1e9 }),
    });
    const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.nat({ max: 5_000 }), options, draw, (attempt, limits, drawn) => {
        const pause = backoff(attempt, limits, () => drawn);
        assert.ok(pause >= Math.min(limits.base, limits.max) / 2);
        assert.ok(pause <= limits.max);
        assert.ok(backoff(attempt + 1, limits, () => drawn) >= pause);
      }),
    );
  });
});
