import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { TextSet } from '../records.ts';
import { ClaimedZone } from '../testing/claimed-zone.ts';
import { type Claim, formatClaim } from './claim.ts';
import { Claims } from './claims.ts';

const ZONE = 'example.com';
/** As long as a checkpoint takes at most. */
const CHECKPOINT_MS = 300_000;
const WEST: Claim = { owner: 'west', site: 'eu', timeline: 6, epoch: 3 };

let zone: ClaimedZone;
let east: ReturnType<ClaimedZone['cluster']>;
let west: ReturnType<ClaimedZone['cluster']>;

beforeEach(() => {
  zone = new ClaimedZone();
  east = zone.cluster('east');
  west = zone.cluster('west');
  east.lead(1);
  east.write();
  west.standBy(1);
});

describe('the claim on a zone', () => {
  test('is taken where there is none, and stays as it is through failovers', () => {
    const text = 'v=site-follower1; owner=east; site=east; timeline=1; epoch=1';
    assert.deepEqual(zone.found?.values, [text]);
    east.lead(2, { instance: 'second' });
    assert.equal(east.write(), true);
    assert.deepEqual(zone.found?.values, [text]);
  });

  test('goes to the one that was promoted, and back with the next promotion', () => {
    east.standBy(1);
    west.lead(2);
    assert.equal(west.write(), true);
    west.standBy(2);
    east.lead(3);
    assert.equal(east.write(), true);
    assert.equal(east.rival, undefined);
  });

  test('is not taken back by a site that returns with its old belief, before or after a restart', () => {
    west.lead(2);
    west.write();
    assert.equal(east.write(), false);
    assert.deepEqual([east.rival, east.wakes], ['west', 1]);
    east.restart();
    assert.equal(east.rival, 'west', 'it is remembered');
    east.lead(1);
    assert.equal(east.write(), false);
  });

  test('nor by one whose own failovers have led to a later timeline meanwhile', () => {
    west.lead(2);
    west.write();
    east.restart();
    east.lead(5, { instance: 'second' });
    assert.equal(east.write(), false);
    assert.equal(east.rival, 'west');
  });

  test('is taken by one that had not received the last failovers of the lost one', () => {
    east.lead(7, { instance: 'second' });
    east.write();
    west.lead(2);
    assert.equal(west.write(), true);
  });

  test('is taken by one that was demoted and promoted again while nobody looked', () => {
    west.lead(2);
    west.write();
    east.write();
    east.restart();
    east.lead(3, { demotedAt: '2026-01-01T00:00:00Z' });
    assert.equal(east.write(), true);
    assert.equal(east.rival, undefined);
  });

  test('waits for the timeline of a promotion, without giving way', () => {
    west.lead(1);
    assert.equal(west.write(), false);
    assert.equal(west.rival, undefined);
    west.lead(2);
    assert.equal(west.write(), true);
  });

  test('is taken when the timeline is reported in two steps, as it is until the first checkpoint', () => {
    west.lead(2);
    west.write();
    west.standBy(1, { demotedAt: 'now' });
    east.lead(3, { demotedAt: 'before' });
    east.write();
    west.lead(3, { demotedAt: 'now' });
    assert.equal(west.write(), false);
    assert.equal(west.rival, 'east');
    west.lead(4, { demotedAt: 'now' });
    assert.equal(west.rival, undefined);
    assert.equal(west.write(), true);
  });

  test('says when it may be taken, once the next leader knows of the promotion', async () => {
    let calls = 0;
    const end = west.onPromotion(() => {
      calls += 1;
    });
    const lead = (timeline: number) => {
      west.lead(timeline);
      return west.remember();
    };
    await lead(1);
    assert.deepEqual([calls, west.isPrimary], [0, true]);
    west.lead(2);
    assert.deepEqual([calls, west.isPrimary], [0, false], 'nothing is written before');
    await lead(2);
    await lead(2);
    assert.deepEqual([calls, west.isPrimary], [1, true]);
    end();
    await lead(3);
    assert.equal(calls, 1);
  });

  test('is not forgotten by one that is named another way, and back, before it was demoted', () => {
    west.lead(2);
    west.write();
    east.see();
    east.standBy(1, { isReplica: false });
    east.see();
    east.lead(1);
    assert.equal(east.rival, 'west');
    assert.equal(east.write(), false);
  });

  test('is nothing to a Cluster that was made anew as a replica, whether that is healthy or not', () => {
    west.lead(2);
    west.write();
    east.see();
    east.restart();
    east.standBy(0, { madeAs: 'second', isReplica: false });
    assert.equal(east.rival, undefined);
    east.lead(3, { instance: 'second' });
    assert.equal(east.write(), true);
  });

  test('is that of its own promotion, of a Cluster that was made anew and promoted while nobody looked', () => {
    east.lead(3);
    east.write();
    east.restart();
    east.lead(2, { madeAs: 'second' });
    assert.equal(east.write(), true);
    assert.match(
      zone.found?.values.join() ?? '',
      /owner=east; .*timeline=3/,
      'it may be that from before it',
    );
    zone.pass(CHECKPOINT_MS);
    assert.equal(east.write(), true);
    assert.match(zone.found?.values.join() ?? '', /owner=east; .*timeline=2/);
  });

  test('is not lowered by a Cluster that was made anew, before its promotion is reported', () => {
    west.lead(3);
    west.write();
    west.standBy(3, { demotedAt: 'now' });
    west.restart();
    west.lead(1, { madeAs: 'second' });
    west.write();
    assert.match(zone.found?.values.join() ?? '', /owner=west; .*timeline=3/);
    zone.pass(CHECKPOINT_MS - 1);
    west.lead(2, { madeAs: 'second' });
    zone.pass(CHECKPOINT_MS - 1);
    west.restart();
    west.lead(2, { madeAs: 'second' });
    west.write();
    assert.match(zone.found?.values.join() ?? '', /owner=west; .*timeline=3/);
    zone.pass(CHECKPOINT_MS);
    west.write();
    assert.match(zone.found?.values.join() ?? '', /owner=west; .*timeline=2/);
  });

  test('of its own that is later does not help it against another one', () => {
    const [own, other] = [
      { owner: 'east', site: 'east', timeline: 9, epoch: 1 },
      { ...WEST, timeline: 3 },
    ].map(formatClaim);
    zone.found = { name: 'any', type: 'TXT', ttl: 60, values: [own ?? '', other ?? ''] };
    east.lead(2, { madeAs: 'second' });
    assert.equal(east.write(), false);
    assert.equal(east.rival, 'west');
  });

  test('is told only when the next leader knows of the promotion', async () => {
    assert.equal(await east.remember(), true);
    assert.equal(await east.remember(), false);
    assert.equal(await west.remember(), false);
    west.lead(1);
    assert.equal(await west.remember(), true, 'it was promoted');
    west.lead(2);
    assert.equal(await west.remember(), true, 'to a timeline');
    west.lead(3, { instance: 'second' });
    assert.equal(await west.remember(), false, 'and has failed over');
  });

  test('is that of its own promotion, of a Cluster that was made anew with less than the one before it had replicated', () => {
    east.lead(2);
    assert.ok(east.write());
    west.standBy(3);
    west.restart();
    west.lead(3, { madeAs: 'second' });
    assert.ok(west.write());
    west.restart();
    west.lead(3, { madeAs: 'second' });
    assert.ok(west.write());
  });

  test('goes before a Cluster that does not exist, whatever that was promoted to, until it is there again', () => {
    east.lead(5);
    assert.ok(east.write());
    west.lead(6);
    west.see();
    assert.equal(west.rival, undefined);
    west.leave();
    west.see();
    assert.equal(west.rival, 'east');
    assert.equal(west.write(), false);
    west.restart();
    assert.equal(west.rival, 'east');
    west.leave();
    west.lead(6);
    assert.equal(west.rival, undefined);
    assert.ok(west.write());
  });

  test('is that of one that was made anew only after a later promotion', () => {
    east.lead(5);
    assert.ok(east.write());
    west.lead(6);
    west.leave();
    west.see();
    west.lead(4, { madeAs: 'second' });
    assert.equal(west.rival, 'east');
    west.lead(7, { madeAs: 'second' });
    assert.equal(west.rival, undefined);
    assert.ok(west.write());
  });

  test('is still that of a rival to a Cluster that was made anew from before the promotion of that one', () => {
    west.lead(2);
    west.write();
    east.see();
    east.restart();
    east.lead(2, { madeAs: 'second' });
    assert.equal(east.rival, 'west');
    east.lead(3, { madeAs: 'second' });
    assert.equal(east.rival, undefined);
  });

  test('is not missed by one whose new timeline is reported before its promotion has ended', () => {
    west.standBy(2, { isReplica: false });
    west.lead(2);
    assert.equal(west.write(), true);
  });

  test('stays with who has it, of two that were promoted from the same state', () => {
    const south = zone.cluster('south');
    south.standBy(1);
    west.lead(2);
    west.write();
    south.lead(2);
    assert.equal(south.write(), false);
    assert.equal(south.rival, 'west');
  });

  test('is free again when somebody has removed it', () => {
    west.lead(2);
    west.write();
    east.see();
    assert.equal(east.rival, 'west');
    zone.found = undefined;
    east.see();
    assert.deepEqual([east.rival, east.wakes], [undefined, 2]);
    assert.equal(east.write(), true);
  });

  test('is of a promotion until the demotion, whoever leads', () => {
    assert.equal(east.isPromoted(), true);
    east.restart();
    assert.equal(east.isPromoted(), true);
    assert.equal(east.isPromoted({ demotedAt: 'now' }), false);
    assert.equal(east.isPromoted({ madeAs: 'second' }), false);
    assert.equal(west.isPromoted(), false);
    west.lead(1);
    assert.equal(west.isPromoted(), true, 'its timeline is not reported yet');
  });

  test('is of a promotion also after a restart before its timeline is reported', () => {
    west.lead(1);
    west.restart();
    assert.equal(west.isPromoted(), true);
    west.standBy(1);
    west.restart();
    assert.equal(west.isPromoted(), false);
  });

  test('is seen also while a failover is under way', () => {
    west.lead(2);
    west.write();
    east.standBy(1, { isReplica: false });
    assert.equal(east.write(), false);
    assert.equal(east.rival, 'west');
  });

  test('is never lowered before it is reported to which timeline the promotion led', () => {
    west.lead(6);
    west.write();
    west.standBy(3, { demotedAt: 'now' });
    west.lead(3, { demotedAt: 'now' });
    assert.equal(west.write(), true);
    assert.match(zone.found?.values.join() ?? '', /owner=west; .*timeline=6/);
    west.lead(4, { demotedAt: 'now' });
    west.write();
    assert.match(zone.found?.values.join() ?? '', /owner=west; .*timeline=4/);
  });

  test('is remembered as its own once it is made, until the demotion', () => {
    let memory: unknown = {};
    const options = {
      owner: 'west',
      site: 'eu',
      follower: 'default',
      onChange: (now: unknown) => {
        memory = now;
      },
      onRival: () => undefined,
      remember: () => Promise.resolve(),
      elapsed: () => 0,
    };
    const claims = new Claims({ ...options, memory });
    const own = { cluster: 'first', timeline: 6, instance: 'first', demotedAt: '' };
    const made: TextSet = { name: claims.nameIn(ZONE), type: 'TXT', ttl: 60, values: [formatClaim(WEST)] };
    const remembered = () => (memory as { made?: unknown }).made;
    claims.noteMade(ZONE, made);
    assert.deepEqual(memory, {});
    claims.lead(own);
    claims.noteMade(ZONE, undefined);
    assert.deepEqual(remembered(), {});
    claims.noteMade(ZONE, made);
    assert.deepEqual(remembered(), { [ZONE]: formatClaim(WEST) });
    const next = new Claims({ ...options, memory });
    next.lead(own);
    next.standBy({ ...own, demotedAt: 'now' }, true);
    assert.deepEqual(remembered(), {});
  });

  test('is nothing to one that is not the primary', () => {
    zone.found = { name: 'any', type: 'TXT', ttl: 60, values: [formatClaim({ ...WEST, owner: 'south' })] };
    west.see();
    assert.equal(west.rival, undefined);
    assert.equal(west.write(), false);
  });
});
