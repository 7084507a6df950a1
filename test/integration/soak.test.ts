import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flatness } from '../../bench/soak/flatness.ts';
import { soak } from '../../bench/soak/soak.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';

const plane = await sharedControlPlane();

const DURATION_MS = 60_000;
/** A minute is little time to warm up in, on a machine with other work. `make soak` is the one that looks closely. */
const BOUND_MIB = 24;

test('a minute of moves under load leaves the memory of the controller about flat', async (context) => {
  const { moves, samples } = await soak(plane, DURATION_MS);
  const { before, after, growth } = flatness(samples);
  context.diagnostic(`${moves} moves; RSS ${before.toFixed(0)} MiB, later ${after.toFixed(0)} MiB`);
  assert.ok(growth <= BOUND_MIB, `it grew by ${growth.toFixed(0)} MiB`);
});
