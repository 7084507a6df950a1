import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hash } from '../support/random.ts';
import { simulateMany } from './many.ts';
import { REMEMBERED_SEEDS } from './remembered-seeds.ts';
import { simulate } from './simulate.ts';

const SCHEDULES = 1_000;

test(`everything holds in ${SCHEDULES} schedules`, async () => {
  const { failed } = await simulateMany('replicas', { from: 1, seeds: SCHEDULES });
  const report = failed.map(({ seed, violations }) => `seed ${seed}: ${violations.join('; ')}`);
  assert.deepEqual(report, [], 'look closer with: node test/simulation/run.ts --seed N --trace');
});

test('everything holds in the schedules that have found a fault before', async () => {
  for (const seed of REMEMBERED_SEEDS) {
    const { violations } = await simulate(seed);
    assert.deepEqual(violations, [], `seed ${seed}`);
  }
});

test('three sites with five nodes, addressed by IPv4, IPv6 and a name: right after a hundred moves', async () => {
  for (const seed of [1, 2]) {
    const { violations } = await simulate(seed, { moves: 100 });
    assert.deepEqual(violations, [], `seed ${seed}`);
  }
});

test('the same seed gives the same run to the last step, another seed another one', async () => {
  const fingerprint = async (seed: number) => {
    let value = 0;
    let lines = 0;
    const trace = (time: number, actor: string, line: string) => {
      value = hash(`${time} ${actor} ${line}`, value);
      lines += 1;
    };
    await simulate(seed, { trace });
    return { value, lines };
  };
  const first = await fingerprint(11);
  assert.ok(first.lines > 100, `only ${first.lines} things happened`);
  assert.deepEqual(await fingerprint(11), first);
  assert.notDeepEqual(await fingerprint(12), first);
});
