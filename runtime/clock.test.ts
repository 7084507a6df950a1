import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { beforeEach, describe, test } from 'node:test';
import { settle, VirtualClock } from '../test/support/virtual-clock.ts';
import { DeadlineError, sleep, systemClock, timestamp, withDeadline } from './clock.ts';

let clock: VirtualClock;
let parent: AbortController;
const reason = new Error('the caller has gone');

beforeEach(() => {
  clock = new VirtualClock();
  parent = new AbortController();
});

function assertNothingIsLeft(): void {
  assert.equal(clock.pending, 0, 'a timer was left');
  assert.deepEqual(getEventListeners(parent.signal, 'abort'), [], 'a listener was left');
}

describe('sleep', () => {
  test('lasts as long as it is told to', async () => {
    let awake = false;
    const sleeping = sleep(clock, 1_000, parent.signal).then(() => {
      awake = true;
    });
    await clock.advance(999);
    assert.equal(awake, false);
    await clock.advance(1);
    await sleeping;
    assertNothingIsLeft();
  });

  test('ends when it is aborted, without a rejection', async () => {
    const sleeping = sleep(clock, 1_000, parent.signal);
    parent.abort(reason);
    await sleeping;
    assertNothingIsLeft();
  });

  test('does not begin after the abort', async () => {
    parent.abort(reason);
    await sleep(clock, 1_000, parent.signal);
    assertNothingIsLeft();
  });
});

describe('withDeadline', () => {
  const call = (work: (abort: AbortSignal) => Promise<unknown>) =>
    withDeadline(clock, 1_000, parent.signal, 'the call', work);

  test('gives the answer', async () => {
    assert.equal(await call(() => Promise.resolve('answer')), 'answer');
    assertNothingIsLeft();
  });

  test('throws what the call throws', async () => {
    await assert.rejects(
      call(() => Promise.reject(reason)),
      reason,
    );
    assertNothingIsLeft();
  });

  test('ends a call that takes too long, even one that ignores its signal', async () => {
    let given: AbortSignal | undefined;
    const result = assert.rejects(
      call((abort) => {
        given = abort;
        return new Promise(() => undefined);
      }),
      (error) => error instanceof DeadlineError && error.message === 'the call gave no answer within 1000 ms',
    );
    await clock.advance(999);
    assert.equal(given?.aborted, false);
    await clock.advance(1);
    await result;
    assert.ok(given?.reason instanceof DeadlineError);
    assertNothingIsLeft();
  });

  test('ends with its caller', async () => {
    let given: AbortSignal | undefined;
    const result = assert.rejects(
      call((abort) => {
        given = abort;
        return new Promise(() => undefined);
      }),
      reason,
    );
    parent.abort(reason);
    await result;
    assert.equal(given?.reason, reason);
    assertNothingIsLeft();
  });

  test('does not call at all when its caller has ended already', async () => {
    parent.abort(reason);
    await assert.rejects(
      call(() => assert.fail('called')),
      reason,
    );
    assertNothingIsLeft();
  });

  test('nobody is left with a rejection that comes after the deadline', async () => {
    const rejections: unknown[] = [];
    const onRejection = (error: unknown) => rejections.push(error);
    process.on('unhandledRejection', onRejection);
    const late = Promise.withResolvers<never>();
    const result = assert.rejects(call(() => late.promise));
    await clock.advance(1_000);
    await result;
    late.reject(new Error('too late'));
    await settle();
    process.off('unhandledRejection', onRejection);
    assert.deepEqual(rejections, []);
  });

  test('works without a caller to end with', async () => {
    const result = assert.rejects(
      withDeadline(clock, 5, undefined, 'it', () => new Promise(() => undefined)),
    );
    await clock.advance(5);
    await result;
    assertNothingIsLeft();
  });
});

test('a time stamp is RFC 3339 with milliseconds, in UTC', () => {
  assert.equal(timestamp(clock), '2026-01-01T00:00:00.000Z');
});

test('the clock of the system goes on, and its timers can be cancelled', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = systemClock.after(1, () => assert.fail('was cancelled'));
  cancel();
  const before = systemClock.elapsed();
  systemClock.after(2, resolve);
  await promise;
  assert.ok(systemClock.elapsed() - before >= 1);
  assert.ok(Math.abs(systemClock.now() - Date.now()) < 1_000);
});
