import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { sleep } from '../runtime/clock.ts';
import type { ApiServer } from '../test/simulation/api-server.ts';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import type { Leadership } from './leadership.ts';
import { LEASES, type Lease } from './resources.ts';
import {
  Candidate,
  electionServer,
  LEASE,
  LOST_ANSWERS,
  LOST_REQUESTS,
  lateAnswers,
  SENT_TWICE,
  untilOver,
} from './testing/candidates.ts';

const UNSTOPPED = new AbortController().signal;

describe('the Lease election', () => {
  let world: VirtualClock;
  let server: ApiServer;
  let candidates: Candidate[];

  beforeEach(() => {
    world = new VirtualClock();
    server = electionServer(world);
    candidates = [];
  });
  afterEach(async () => {
    for (const candidate of candidates) candidate.stop();
    await world.advance(60_000);
    for (const { clock, running } of candidates) {
      if (clock.state === 'crashed') continue;
      await running.catch(() => undefined);
      assert.equal(clock.pending, 0, 'a timer is left behind');
    }
  });

  function stand(
    identity: string,
    ...rest: [options?: object, lead?: (leadership: Leadership) => Promise<void>]
  ) {
    const [options, lead = untilOver] = rest;
    const candidate = new Candidate(identity, world, server, options, lead);
    candidates.push(candidate);
    return candidate;
  }

  const lease = () => server.get(LEASES, LEASE);
  /** Somebody else writes the Lease. */
  const edit = (spec: Lease['spec']) => server.patch('test', LEASES, LEASE, { spec }, { type: 'merge' });
  const deleteLease = () => server.delete('test', LEASES, LEASE, {});

  async function until(condition: () => boolean): Promise<void> {
    for (let step = 0; !condition(); step += 1) {
      assert.ok(step < 3_000, 'it did not happen within 30 s');
      await world.advance(10);
    }
  }

  /** `a` leads, `b` waits. */
  async function pair(): Promise<{ a: Candidate; b: Candidate }> {
    const a = stand('a');
    await world.advance(100);
    const b = stand('b');
    await world.advance(100);
    assert.deepEqual([a.holds, b.holds], [true, false]);
    return { a, b };
  }

  it('creates the Lease when there is none, and keeps it', async () => {
    const { a, b } = await pair();
    await world.advance(60_000);
    assert.deepEqual([a.holds, b.holds], [true, false]);
    assert.equal(a.leaderships.length, 1);
    const spec = lease().spec;
    assert.equal(spec?.holderIdentity, 'a');
    assert.equal(spec?.leaseDurationSeconds, 10);
    assert.equal(spec?.leaseTransitions, 1);
    assert.match(spec?.renewTime ?? '', /^2026-01-01T00:0[01]:\d\d\.\d{6}Z$/);
    assert.equal(spec?.acquireTime, '2026-01-01T00:00:00.002000Z');
    assert.deepEqual(
      b.events.map(({ kind }) => kind),
      ['holder'],
    );
  });

  it('hands over within 200 ms when the leader is stopped, after its work has ended', async () => {
    let ended = -1;
    const a = stand('a', {}, async (leadership) => {
      await untilOver(leadership);
      assert.ok(leadership.isLeader(), 'the work can still end in order');
      await sleep(world, 500, UNSTOPPED);
      assert.ok(leadership.isLeader());
      ended = world.elapsed();
    });
    await world.advance(100);
    const b = stand('b');
    await world.advance(5_000);
    a.stop();
    await world.advance(499);
    assert.ok(!b.holds);
    await world.advance(200);
    assert.deepEqual([a.holds, b.holds], [false, true]);
    assert.equal(ended, 5_600);
    assert.equal(a.told('released'), 1);
    assert.equal(b.current.term, 2);
  });

  it('knows its own hand when a balancer sends each request twice: at once, and in one term', async () => {
    const a = stand('a');
    a.suffer(SENT_TWICE);
    await world.advance(100);
    assert.ok(a.holds);
    await world.advance(30_000);
    a.stop();
    await world.advance(500);
    assert.deepEqual([a.leaderships.length, a.current.term], [1, 1]);
    assert.deepEqual([a.told('released'), a.told('lost'), a.told('problem')], [1, 0, 0]);
    const b = stand('b');
    b.suffer(SENT_TWICE);
    await world.advance(100);
    assert.deepEqual([b.holds, b.current.term], [true, 2]);
  });

  it('leaves nobody in charge longer than the Lease when the leader is killed', async () => {
    const { a, b } = await pair();
    await world.advance(30_000);
    a.clock.crash();
    await world.advance(7_500);
    assert.ok(!b.holds);
    await world.advance(5_500);
    assert.ok(b.holds);
    assert.equal(b.current.term, 2);
  });

  it('is kept out for no longer than a minute by a Lease that somebody else has made, for years', async () => {
    server.create('test', LEASES, {
      metadata: LEASE,
      spec: { holderIdentity: 'stranger', leaseDurationSeconds: 2_147_483_647, leaseTransitions: 1 },
    });
    const a = stand('a');
    await world.advance(59_000);
    assert.ok(!a.holds);
    await world.advance(5_000);
    assert.ok(a.holds);
  });

  it('gives up at its deadline while a renewal hangs, well before another can take over', async () => {
    const { a, b } = await pair();
    await world.advance(20_000);
    const { abort } = a.current;
    a.suffer(LOST_REQUESTS);
    const cut = world.elapsed();
    await until(() => abort.aborted);
    assert.ok(world.elapsed() - cut <= 6_000, `${world.elapsed() - cut} ms`);
    assert.match(String(abort.reason), /no renewal of the Lease succeeded within 6000 ms/);
    assert.equal(a.holds, false);
    await until(() => b.holds);
    assert.ok(world.elapsed() - cut >= 8_000);
    a.suffer({});
    await world.advance(30_000);
    assert.deepEqual([a.holds, b.holds], [false, true]);
    assert.equal(a.told('lost'), 1);
  });

  it('survives one renewal that hangs, and answers that are lost', async () => {
    const { a } = await pair();
    await world.advance(20_000);
    a.suffer(LOST_REQUESTS);
    await world.advance(2_500);
    a.suffer({});
    await world.advance(10_000);
    a.suffer(LOST_ANSWERS);
    await world.advance(2_500);
    a.suffer({});
    await world.advance(10_000);
    assert.ok(a.holds);
    assert.equal(a.leaderships.length, 1);
  });

  it('holds nothing any more when it was stopped for a minute, from the first question on', async () => {
    const { a, b } = await pair();
    await world.advance(20_000);
    a.clock.freeze();
    await world.advance(60_000);
    assert.ok(b.holds);
    const old = a.current;
    // Asked before any of its own timers has fired.
    assert.equal(old.isLeader(), false);
    assert.ok(old.abort.aborted);
    a.clock.thaw();
    await world.advance(30_000);
    assert.deepEqual([a.holds, b.holds], [false, true]);
    assert.equal(await old.confirm(), undefined);
  });

  it('is not fooled by the answer to a renewal that was sent before it was stopped', async () => {
    const a = stand('a');
    await world.advance(1_900);
    a.suffer(lateAnswers(500));
    await world.advance(200);
    a.clock.freeze();
    await world.advance(7_000);
    a.clock.thaw();
    await world.advance(0);
    assert.equal(a.leaderships[0]?.isLeader(), false);
    await world.advance(3_000);
    assert.ok(a.holds, 'nobody else wanted it');
    assert.equal(a.leaderships.length, 2);
    assert.equal(a.current.term, 2);
  });

  it('raises its term above a floor when it confirms', async () => {
    const { a, b } = await pair();
    const confirmed = a.current.confirm(41);
    await world.advance(100);
    assert.equal(await confirmed, 42);
    assert.equal(a.current.term, 42);
    assert.equal(lease().spec?.leaseTransitions, 42);
    const again = a.current.confirm(7);
    await world.advance(100);
    assert.equal(await again, 42);
    a.stop();
    await world.advance(1_000);
    assert.equal(b.current.term, 43);
  });

  it('finds out when it confirms that the Lease is somebody else’s', async () => {
    const { a } = await pair();
    edit({ holderIdentity: 'c' });
    const confirmed = a.current.confirm();
    await world.advance(100);
    assert.equal(await confirmed, undefined);
    assert.ok(a.current.abort.aborted);
    assert.match(String(a.current.abort.reason), /taken by c/);
  });

  it('says when it confirms that no answer came', async () => {
    const { a } = await pair();
    a.suffer(LOST_REQUESTS);
    const confirmed = assert.rejects(a.current.confirm(), /no answer/);
    await world.advance(3_100);
    await confirmed;
    assert.ok(a.holds);
  });

  it('counts the time of a renewal from when it was sent: its answer took a while', async () => {
    const { a } = await pair();
    a.suffer(lateAnswers(2_900)); // Just below the time limit of a call.
    const confirmed = a.current.confirm();
    await world.advance(10);
    a.suffer(LOST_REQUESTS); // For all that come after it.
    await world.advance(2_940);
    assert.equal(await confirmed, 1);
    await world.advance(3_000);
    assert.ok(a.holds);
    await world.advance(100);
    assert.ok(!a.holds, 'the Lease was written six seconds ago');
  });
  it('goes on above the term that it had raised when the Lease is gone after its reign', async () => {
    let end: () => void = () => undefined;
    const a = stand('a', {}, ({ abort }) => {
      abort.addEventListener('abort', () => end(), { once: true });
      return new Promise((resolve) => {
        end = resolve;
      });
    });
    await world.advance(100);
    const confirmed = a.current.confirm(41);
    await world.advance(100);
    assert.equal(await confirmed, 42);
    end();
    await until(() => lease().spec?.holderIdentity === '');
    deleteLease();
    await until(() => a.leaderships.length === 2);
    assert.ok(a.current.term > 42, `term ${a.current.term}`);
  });
  it('keeps leading when the Lease is deleted by hand, with its term', async () => {
    const { a, b } = await pair();
    const confirmed = a.current.confirm(41);
    await world.advance(5_000);
    await confirmed;
    deleteLease();
    await world.advance(50);
    assert.equal(lease().spec?.holderIdentity, 'a');
    assert.equal(lease().spec?.leaseTransitions, 42);
    await world.advance(30_000);
    assert.deepEqual([a.holds, b.holds], [true, false]);
  });

  it('waits for a holder it knew when the Lease is deleted', async () => {
    const { a, b } = await pair();
    await world.advance(20_000);
    a.suffer(LOST_REQUESTS);
    deleteLease();
    for (let step = 0; step < 3_000 && !b.holds; step += 1) {
      await world.advance(10);
      assert.ok(!(a.holds && b.holds), 'two holders');
    }
    assert.ok(b.holds);
    assert.equal(b.current.term, 2);
  });

  it('trusts no clock of another node', async () => {
    const { a, b } = await pair();
    edit({ renewTime: '2001-01-01T00:00:00.000000Z' });
    await world.advance(20_000);
    assert.deepEqual([a.holds, b.holds], [true, false]);
  });

  it('stops working before it starts again, and reports work that failed', async () => {
    let active = 0;
    const a = stand('a', {}, async () => {
      assert.equal(active, 0);
      active += 1;
      await sleep(world, 1_000, UNSTOPPED);
      active -= 1;
      throw new Error('broken');
    });
    await world.advance(60_000);
    assert.ok(a.leaderships.length > 10 && a.leaderships.length < 25, `${a.leaderships.length} times`);
    assert.equal(a.told('problem'), a.told('released'));
  });

  it('ends the process when the work does not stop, and does not give the Lease away under it', async () => {
    const a = stand('a', {}, () => new Promise(() => undefined));
    await world.advance(100);
    const b = stand('b');
    await world.advance(1_000);
    a.stop();
    const ended = assert.rejects(a.running, /did not stop within 10000 ms: the process must end/);
    await world.advance(10_000);
    assert.ok(!b.holds);
    await ended;
    await world.advance(20_000);
    assert.ok(b.holds);
  });

  it('lets one of many win a released Lease', async () => {
    const { a, b } = await pair();
    const c = stand('c');
    await world.advance(1_000);
    a.stop();
    await world.advance(1_000);
    assert.equal([b, c].filter(({ holds }) => holds).length, 1);
    assert.equal(lease().spec?.leaseTransitions, 2);
  });
});
