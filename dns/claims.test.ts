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

  cluster(owner: string) {
    let memory = '{}';
    let wakes = 0;
    const make = () =>
      new Claims({
        owner,
        site: owner,
        follower: 'default',
        memory: JSON.parse(memory),
        onChange: (now) => {
          memory = JSON.stringify(now);
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
      lead: (timeline: number, demotedAt?: string) => claims.lead(timeline, demotedAt),
      standBy: () => claims.standBy(),
      see: () => claims.see(ZONE, zone.found),
      restart: () => {
        claims = make();
      },
      /** True when it may write its records. */
      write: () => {
        try {
          for (const change of claims.changes(ZONE, this.found, AT)) {
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
    east.restart();
    assert.equal(east.rival, 'west', 'it is remembered');
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
    east.see();
    assert.equal(east.rival, 'west');
  });

  test('is taken by one that was demoted and promoted again while nobody looked', () => {
    const [east, west] = [zone.cluster('east'), zone.cluster('west')];
    east.lead(1);
    east.write();
    west.lead(2);
    west.write();
    east.write();
    east.restart();
    east.lead(3, '2026-01-01T00:00:00Z');
    assert.equal(east.write(), true);
    assert.equal(east.rival, undefined);
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

  test('is free again when somebody has removed it', () => {
    const [east, west] = [zone.cluster('east'), zone.cluster('west')];
    east.lead(1);
    east.write();
    west.lead(2);
    west.write();
    east.see();
    assert.equal(east.rival, 'west');
    zone.found = undefined;
    east.see();
    assert.deepEqual([east.rival, east.wakes], [undefined, 2]);
    assert.equal(east.write(), true);
  });

  test('is nothing to one that is not the primary', () => {
    const east = zone.cluster('east');
    zone.found = { name: 'any', type: 'TXT', ttl: 60, values: [formatClaim(WEST)] };
    east.see();
    assert.equal(east.rival, undefined);
    assert.equal(east.write(), false);
  });

  test('is never held by two, whatever happens: after each of them has read the zone, at most one may write', () => {
    const step = fc.record({
      who: fc.constantFrom(0, 1),
      what: fc.constantFrom('promote', 'demote', 'fail over', 'restart', 'write', 'see'),
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
          if (what === 'see') cluster.see();
        }
        for (const cluster of clusters) cluster.write();
        assert.ok(clusters.filter((cluster) => cluster.write()).length <= 1);
      }),
      { numRuns: 2_000 },
    );
  });
});
