import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { NotificationLimiter } from './notification-limiter.ts';

const RATE = { burst: 5, perSecond: 2 };

let clock: VirtualClock;
let limiter: NotificationLimiter;
/** When each was passed on. */
let passed: number[];

beforeEach(() => {
  clock = new VirtualClock();
  passed = [];
  limiter = new NotificationLimiter(clock, RATE, () => passed.push(clock.elapsed()));
});

async function notifyFor(ms: number): Promise<void> {
  for (let at = 0; at < ms; at += 10) {
    limiter.notify();
    await clock.advance(10);
  }
}

test('the first ones are passed on at once', async () => {
  for (let index = 0; index < RATE.burst; index += 1) limiter.notify();
  assert.deepEqual(
    passed,
    Array.from({ length: RATE.burst }, () => 0),
  );
  await clock.advance(10_000);
  assert.equal(passed.length, RATE.burst);
  assert.equal(clock.pending, 0);
});

test('a source that never ends is passed on at its rate', async () => {
  await notifyFor(60_000);
  assert.ok(passed.length >= 2 * 60 && passed.length <= RATE.burst + 2 * 60 + 1, `${passed.length} times`);
});

test('the last one is never lost, and comes within the time of one', async () => {
  await notifyFor(3_000);
  const last = clock.elapsed();
  limiter.notify();
  const before = passed.length;
  await clock.advance(500);
  assert.equal(passed.length, before + 1, `nothing after ${last}`);
  await clock.advance(60_000);
  limiter.notify();
  assert.equal(passed.at(-1), clock.elapsed(), 'later, the burst is allowed again');
});

test('nothing waits after its end', async () => {
  await notifyFor(3_000);
  limiter.stop();
  const before = passed.length;
  await clock.advance(60_000);
  assert.deepEqual([passed.length, clock.pending], [before, 0]);
});
