import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulateMany } from './many.ts';
import { REMEMBERED_SEEDS } from './topology/remembered-seeds.ts';
import { simulateTopology } from './topology/simulate.ts';

const SCHEDULES = 100;

test(`everything holds in ${SCHEDULES} schedules of two clusters of a topology`, async () => {
  const { failed } = await simulateMany('topology', { from: 1, seeds: SCHEDULES });
  const report = failed.map(({ seed, violations }) => `seed ${seed}: ${violations.join('; ')}`);
  assert.deepEqual(report, [], 'look closer with: node test/simulation/run.ts --topology --seed N --trace');
});

test('everything holds in the schedules that have found a fault before', async () => {
  for (const seed of REMEMBERED_SEEDS.filter((each) => each > SCHEDULES)) {
    const { violations } = await simulateTopology(seed);
    assert.deepEqual(violations, [], `seed ${seed}`);
  }
});
