import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flatness } from './flatness.ts';

const MINUTES = Array.from({ length: 61 }, (_, minute) => minute);

function growthOf(mibAt: (minute: number) => number): number {
  return flatness(MINUTES.map((minute) => ({ ms: minute * 60_000, mib: mibAt(minute) }))).growth;
}

test('what grows while it warms up is not held against it', () => {
  assert.equal(
    growthOf((minute) => Math.min(150, 100 + 5 * minute)),
    0,
  );
});

test('a saw of garbage is flat, wherever the measurements meet it', () => {
  for (let phase = 0; phase < 7; phase += 1) {
    const growth = growthOf((minute) => 100 + ((minute + phase) % 7));
    assert.ok(Math.abs(growth) <= 1, `${growth}`);
  }
});

test('a leak shows, also below a saw of garbage', () => {
  const growth = growthOf((minute) => 100 + (minute % 7) + 0.5 * minute);
  assert.ok(growth > 9 && growth < 11, `${growth}`);
});

test('one outlier does not', () => {
  assert.equal(
    growthOf((minute) => (minute === 50 ? 400 : 100)),
    0,
  );
});
