import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flatness } from '../../bench/soak/flatness.ts';
import { soak } from '../../bench/soak/soak.ts';
import { INSPECTED, liveHeapOf } from '../support/live-heap.ts';
import { ownControlPlane } from '../support/shared-control-plane.ts';

/** What other tests have in a shared one grows the memory, too. */
const plane = await ownControlPlane();

const DURATION_MS = 90_000;
/** Without garbage there is little noise, and each sample costs the controller a full collection. */
const SAMPLES = 90;
/** From the middle third of the time to the last; in the first one V8 still compiles what is hot. */
const BOUND_MIB = 1;

test('a minute and a half of moves under load leaves nothing in the memory of the controller', async (context) => {
  const { moves, samples } = await soak(plane, {
    durationMs: DURATION_MS,
    memory: liveHeapOf,
    sampleCount: SAMPLES,
    settings: INSPECTED,
  });
  const { before, after, growth } = flatness(samples);
  context.diagnostic(`${moves} moves; live heap ${before.toFixed(2)} MiB, later ${after.toFixed(2)} MiB`);
  assert.ok(
    growth <= BOUND_MIB,
    `it grew by ${growth.toFixed(2)} MiB in some ${Math.round(moves / 3)} moves`,
  );
});
