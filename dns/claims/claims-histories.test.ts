import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ClaimedZone, type Faults } from '../testing/claimed-zone.ts';

const ACTIONS = [
  'promote',
  'promote late',
  'demote',
  'fail over',
  'restart',
  'switch unseen',
  'write',
  'see',
] as const;
type Step = readonly [who: number, what: (typeof ACTIONS)[number]];
const PLACES = ['east', 'west', 'south'];

/** Whether the zone never goes to a cluster that was promoted before the one that has it, and has one at the end. */
function isSafe(steps: readonly Step[], faults: Faults, clusters = 2): boolean {
  const zone = new ClaimedZone();
  const sides = PLACES.slice(0, clusters).map((name) => ({
    cluster: zone.cluster(name, faults),
    leads: name === 'east',
    timeline: 1,
    instance: 'first',
    demotedAt: '',
    promotedAt: 0,
    promotedTo: 1,
  }));
  const [first] = sides;
  const look = (side: (typeof sides)[number]) => {
    if (side.leads) side.cluster.lead(side.timeline, side);
    else side.cluster.standBy(side.timeline, side);
  };
  for (const side of sides) look(side);
  first?.cluster.write();
  let time = 0;
  /** When the one was promoted whose claim the zone has. */
  let claimedAt = 0;
  for (const [who, what] of steps) {
    time += 1;
    const side = sides[who];
    if (side === undefined) return false;
    const highest = Math.max(...sides.map(({ timeline }) => timeline));
    const promote = (replicated: number) => {
      side.timeline = replicated + 1;
      side.promotedTo = side.timeline;
      side.leads = true;
      side.promotedAt = time;
    };
    const had = zone.found;
    if (what === 'promote' && !side.leads) promote(highest);
    // It has received the promotions of the others, and not its last failovers.
    if (what === 'promote late' && !side.leads) promote(side.timeline);
    if (what === 'demote' && side.leads) {
      side.leads = false;
      side.demotedAt = `at ${time}`;
    }
    if (what === 'fail over' && side.leads) {
      side.timeline += 1;
      if (faults.countsFailovers !== true) side.instance = `at ${time}`;
    }
    if (what === 'switch unseen' && sides.every(({ leads }) => leads)) {
      side.demotedAt = `at ${time}`;
      promote(highest);
    }
    if (what === 'restart') side.cluster.restart();
    // Whoever replicates, be it by way of another replica, has at least the timeline to which a primary was promoted, or he could
    // not be promoted after it.
    const promotedTo = Math.max(...sides.flatMap((each) => (each.leads ? each.promotedTo : [])));
    for (const each of sides) {
      if (!each.leads) each.timeline = Math.max(each.timeline, promotedTo);
      look(each);
    }
    if (what === 'write') side.cluster.write();
    if (what === 'see') side.cluster.see();
    if (zone.found === had) continue;
    if (side.promotedAt < claimedAt) return false;
    claimedAt = side.promotedAt;
  }
  for (const side of sides) side.cluster.write();
  return sides.filter(({ cluster }) => cluster.write()).length <= 1;
}

describe('whatever happens to several clusters', () => {
  for (const clusters of [2, 3]) {
    const who = fc.integer({ min: 0, max: clusters - 1 });
    const steps = fc.array(fc.tuple(who, fc.constantFrom(...ACTIONS)), { maxLength: 20 * clusters });

    test(`the zone goes only to one that was promoted later, and at most one of ${clusters} writes`, () => {
      fc.assert(
        fc.property(steps, (each) => isSafe(each, {}, clusters)),
        { numRuns: 10_000 },
      );
    });
  }

  const overtaking: readonly Step[] = [
    [1, 'promote'],
    [1, 'write'],
    [0, 'fail over'],
    [0, 'fail over'],
    [0, 'restart'],
    [0, 'write'],
  ];
  for (const fault of ['forgets', 'countsFailovers'] as const) {
    test(`that is seen to fail where it ${fault}`, () => {
      for (const clusters of [2, 3]) {
        assert.equal(isSafe(overtaking, {}, clusters), true);
        assert.equal(isSafe(overtaking, { [fault]: true }, clusters), false);
      }
    });
  }
});
