import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { type Claim, formatClaim } from './claim.ts';
import { Claims } from './claims.ts';
import type { TextSet } from './records.ts';

const ZONE = 'example.com';
const AT = { epoch: 1, ttl: 60 };
const WEST: Claim = { owner: 'west', site: 'eu', timeline: 6, epoch: 3 };

/** A zone, and clusters that read and write it as the follower of a zone does. */
class Zone {
  found: TextSet | undefined;
  /** What name servers still say. */
  old: readonly string[] = [];

  cluster(owner: string) {
    let stored = false;
    let wakes = 0;
    const make = () =>
      new Claims({
        owner,
        site: owner,
        follower: 'default',
        hadClaim: stored,
        onClaim: (has) => {
          stored = has;
        },
        onRival: () => {
          wakes += 1;
        },
      });
    let claims = make();
    return {
      get rival() {
        return claims.rival?.owner;
      },
      get wakes() {
        return wakes;
      },
      lead: (timeline: number) => claims.lead(timeline),
      standBy: () => claims.standBy(),
      hear: (texts: readonly string[]) => claims.hear(ZONE, texts),
      restart: () => {
        claims = make();
      },
      /** True when it may write its records. */
      write: () => {
        try {
          for (const change of claims.changes(ZONE, this.found, AT)) {
            this.old = this.found?.values ?? [];
            if (change.action !== 'delete') this.found = change.wanted;
            claims.accepted();
          }
          return true;
        } catch (error) {
          assert.match(String(error), /claimed|not the primary/);
          return false;
        }
      },
    };
  }
}

let zone: Zone;

beforeEach(() => {
  zone = new Zone();
});

describe('the claim on a zone', () => {
  test('is taken where there is none, and renewed when the timeline rises', () => {
    const east = zone.cluster('east');
    east.lead(1);
    assert.equal(east.write(), true);
    east.lead(2);
    assert.equal(east.write(), true);
    assert.deepEqual(zone.found?.values, ['v=site-follower1; owner=east; site=east; timeline=2; epoch=1']);
  });

  test('goes to the one that was promoted, and back with the next promotion', () => {
    const [east, west] = [zone.cluster('east'), zone.cluster('west')];
    east.lead(1);
    east.write();
    east.standBy();
    west.lead(2);
    assert.equal(west.write(), true);
    west.standBy();
    east.lead(3);
    assert.equal(east.write(), true);
    assert.equal(east.rival, undefined);
  });

  test('is not taken back by a site that returns with its old belief', () => {
    const [east, west] = [zone.cluster('east'), zone.cluster('west')];
    east.lead(1);
    east.write();
    west.lead(2);
    west.write();
    east.restart();
    east.lead(1);
    assert.equal(east.write(), false);
    assert.equal(east.rival, 'west');
    assert.equal(east.wakes, 1);
  });

  test('nor by one whose own failovers have led to a later timeline meanwhile', () => {
    const [east, west] = [zone.cluster('east'), zone.cluster('west')];
    east.lead(1);
    east.write();
    west.lead(2);
    west.write();
    east.restart();
    east.lead(5);
    assert.equal(east.write(), false);
    assert.equal(east.rival, 'west');
    east.hear(zone.found?.values ?? []);
    assert.equal(east.rival, 'west');
  });

  test('waits for the timeline of a promotion, without giving way', () => {
    const [east, west] = [zone.cluster('east'), zone.cluster('west')];
    east.lead(1);
    east.write();
    west.lead(1);
    assert.equal(west.write(), false);
    assert.equal(west.rival, undefined);
    west.lead(2);
    assert.equal(west.write(), true);
  });

  test('is left by what name servers say, not by what they say still', () => {
    const [east, west] = [zone.cluster('east'), zone.cluster('west')];
    east.lead(1);
    east.write();
    west.lead(2);
    west.write();
    west.hear(zone.old);
    assert.equal(west.rival, undefined, 'its own claim is newer than what they show');
    east.hear(zone.found?.values ?? []);
    assert.equal(east.rival, 'west');
    east.hear([]);
    assert.equal(east.rival, undefined, 'somebody has removed the claim');
  });

  test('is nothing to one that is not the primary', () => {
    const east = zone.cluster('east');
    east.hear([formatClaim(WEST)]);
    assert.equal(east.rival, undefined);
    assert.equal(east.write(), false);
  });

  test('is never held by two, whatever happens: after each of them has read the zone, at most one may write', () => {
    const step = fc.record({
      who: fc.constantFrom(0, 1),
      what: fc.constantFrom('promote', 'demote', 'fail over', 'restart', 'write', 'hear', 'hear old'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        zone = new Zone();
        const clusters = [zone.cluster('east'), zone.cluster('west')] as const;
        const timelines = [1, 1];
        const leads = [false, false];
        for (const { who, what } of steps) {
          const cluster = clusters[who as 0 | 1];
          if (what === 'promote' && leads[who] === false) {
            // What it replicates from, and one more.
            timelines[who] = Math.max(timelines[who] ?? 0, timelines[1 - who] ?? 0) + 1;
            leads[who] = true;
          }
          if (what === 'demote') leads[who] = false;
          if (what === 'fail over' && leads[who] === true) timelines[who] = (timelines[who] ?? 0) + 1;
          if (what === 'restart') cluster.restart();
          if (leads[who] === true) cluster.lead(timelines[who] ?? 0);
          else cluster.standBy();
          if (what === 'write') cluster.write();
          if (what === 'hear') cluster.hear(zone.found?.values ?? []);
          if (what === 'hear old') cluster.hear(zone.old);
        }
        const writes = clusters.map((cluster) => cluster.write());
        const last = clusters.map((cluster) => cluster.write());
        assert.ok(last.filter(Boolean).length <= 1, JSON.stringify({ writes, last }));
      }),
      { numRuns: 2_000 },
    );
  });
});
