import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { FreshReads } from './fresh-reads.ts';

const ZONE = 'example.com';
const NAMES = [`a.${ZONE}`, `b.${ZONE}`];

function noted() {
  const clock = new VirtualClock();
  const reads = new FreshReads<readonly string[]>(clock);
  reads.note(ZONE, NAMES, ['of a', 'of b']);
  return { clock, reads };
}

test('what a move was planned from is written from once', () => {
  const { reads } = noted();
  assert.deepEqual(reads.take(ZONE, [`b.${ZONE}`]), ['of a', 'of b']);
  assert.equal(reads.take(ZONE, NAMES), undefined);
});

test('not after two seconds, nor in another zone, nor for a name that was not read', async () => {
  const { clock, reads } = noted();
  assert.equal(reads.take('example.org', NAMES), undefined);
  assert.equal(reads.take(ZONE, [...NAMES, `c.${ZONE}`]), undefined);
  reads.note(ZONE, NAMES, []);
  await clock.advance(2_001);
  assert.equal(reads.take(ZONE, NAMES), undefined);
});
