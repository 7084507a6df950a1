import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { KnownSince } from './known-since.ts';

test('what is known ages from when it was first heard of, and again after it was gone', async () => {
  const clock = new VirtualClock();
  const known = new KnownSince(clock);
  assert.equal(known.ms('a'), 0);
  known.keep(['a']);
  await clock.advance(5);
  known.keep(['a', 'b']);
  await clock.advance(3);
  assert.deepEqual([known.ms('a'), known.ms('b'), known.ms('c')], [8, 3, 0]);
  known.keep(['b']);
  known.keep(['a', 'b']);
  assert.deepEqual([known.ms('a'), known.ms('b')], [0, 3]);
});
