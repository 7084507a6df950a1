import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Claims } from '../../dns/claims.ts';
import type { TopologySabotage } from './topology/process.ts';
import { REMEMBERED_SEEDS } from './topology/remembered-seeds.ts';
import { TOPOLOGY_SABOTAGES } from './topology/sabotage.ts';
import { simulateTopology } from './topology/simulate.ts';

const SABOTAGED_SCHEDULES = 200;

describe('a missing safeguard of a topology is noticed:', () => {
  const cases: readonly [keyof typeof TOPOLOGY_SABOTAGES, RegExp][] = [
    ['no look at the timeline of a claim', /writes the zone, though it was shown a later claim/],
    ['no second look at the claim', /writes the zone, though it was shown a later claim/],
    ['no claim before the records', /moves [\w.]+, which (pg-\w+|nobody) has claimed/],
    ['no standing by at once', /\d+ ms after it has ceased to be|was not promoted since it began to look/],
    ['no wait for the promotion', /makes \w+ active, which was not promoted since it began to look/],
    ['no memory of the promotion', /claims timeline \d+, and was promoted to \d+/],
  ];
  for (const [name, violation] of cases) {
    test(name, async () => assert.match(await firstViolation(TOPOLOGY_SABOTAGES[name]), violation));
  }

  test('no look at the claim of another one', async (t) => {
    t.mock.method(Claims.prototype, 'observe', () => undefined);
    assert.match(await firstViolation({}), /takes the claim of pg-\w+ on timeline \d+ for \d+/);
  });

  test('no look for a demotion that nobody observed', async (t) => {
    t.mock.method(Claims.prototype, 'isPromoted', () => true);
    assert.match(await firstViolation({}, REMEMBERED_SEEDS), /is active \d+ ms after it has ceased/);
  });
});

async function firstViolation(
  sabotage: TopologySabotage,
  seeds: readonly number[] = Array.from({ length: SABOTAGED_SCHEDULES }, (_, index) => index + 1),
): Promise<string> {
  for (const seed of seeds) {
    const [violation] = (await simulateTopology(seed, { sabotage })).violations;
    if (violation !== undefined) return violation;
  }
  return `nothing in ${seeds.length} schedules`;
}
