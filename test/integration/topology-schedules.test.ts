/** A few of the schedules that `make topology` plays: two sites with the shipped controller, and a real BIND. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { playSchedule } from '../topology/play-schedule.ts';

const plane = await sharedControlPlane();

/** Short ones, with a lost region, a controller that is killed and a way to DNS that is cut among them. */
const SEEDS = [294, 664, 841];

test('two clusters of a topology are never both active, and right at the end', async () => {
  const outcomes = await Promise.all(SEEDS.map((seed) => playSchedule(seed, { east: plane, west: plane })));
  const report = outcomes.flatMap(({ seed, violations }) =>
    violations.map((each) => `seed ${seed}: ${each}`),
  );
  assert.deepEqual(report, [], 'look closer with: node test/topology/run.ts --seed N');
});
