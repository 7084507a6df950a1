import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Claims } from '../../dns/claims/claims.ts';
import { firstViolation } from './first-violation.ts';
import type { TopologySabotage } from './topology/process.ts';
import { REMEMBERED_SEEDS } from './topology/remembered-seeds.ts';
import { TOPOLOGY_SABOTAGES } from './topology/sabotage.ts';
import { simulateTopology } from './topology/simulate.ts';

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
    test(name, async () => assert.match(await noticed(TOPOLOGY_SABOTAGES[name]), violation));
  }

  test('no look at the claim of another one', async (t) => {
    t.mock.method(Claims.prototype, 'observe', () => undefined);
    assert.match(await noticed({}), /takes the claim of pg-\w+ on timeline \d+ for \d+/);
  });

  test('no wait for a look after a failover', async () => {
    const sabotage = TOPOLOGY_SABOTAGES['no wait for a look after a failover'];
    assert.match(
      await noticed(sabotage, REMEMBERED_SEEDS),
      /makes \w+ active a second time for one promotion/,
    );
  });

  test('no look for a demotion that nobody observed', async (t) => {
    t.mock.method(Claims.prototype, 'isPromoted', () => true);
    assert.match(await noticed({}, REMEMBERED_SEEDS, 1190), /is active \d+ ms after it has ceased/);
  });

  test('no standing by for a claim while there is no Cluster', async (t) => {
    t.mock.method(Claims.prototype, 'leave', () => undefined);
    assert.match(await noticed({}, REMEMBERED_SEEDS, 6281), /is active \d+ ms after it has ceased/);
  });
});

const noticed = (sabotage: TopologySabotage, seeds?: readonly number[], known?: number) =>
  firstViolation((seed) => simulateTopology(seed, { sabotage }), seeds, known);
