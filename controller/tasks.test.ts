import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { beforeEach, describe, test } from 'node:test';
import type { Leadership } from '../kubernetes/leadership.ts';
import { TestLeadership } from '../test/support/fake-cluster.ts';
import { settle, VirtualClock } from '../test/support/virtual-clock.ts';
import { retryUntilSuccess, runTaskGroup } from './tasks.ts';

let clock: VirtualClock;
let leadership: TestLeadership;

beforeEach(() => {
  clock = new VirtualClock();
  leadership = new TestLeadership(3);
});

/** A task that runs until it is stopped. */
const untilStopped = ({ abort }: Leadership) =>
  new Promise<void>((resolve) => abort.addEventListener('abort', () => resolve(), { once: true }));

describe('retryUntilSuccess', () => {
  const run = (task: () => Promise<void>, onFailure: (error: unknown) => void = () => undefined) =>
    retryUntilSuccess({ clock, random: () => 0.5 }, leadership, task, onFailure);

  test('tries until it works, with growing pauses', async () => {
    const tries: number[] = [];
    const failures: unknown[] = [];
    const error = new Error('not yet');
    const done = run(
      () => {
        tries.push(clock.elapsed());
        return tries.length < 4 ? Promise.reject(error) : Promise.resolve();
      },
      (failure) => failures.push(failure),
    );
    await clock.advance(60_000);
    await done;
    assert.deepEqual(tries, [0, 375, 1_125, 2_625]);
    assert.deepEqual(failures, [error, error, error]);
    assert.equal(clock.pending, 0);
  });

  test('never waits longer than ten seconds', async () => {
    let last = 0;
    void run(() => {
      last = clock.elapsed();
      return Promise.reject(new Error('never'));
    });
    for (let step = 0; step < 60; step += 1) {
      await clock.advance(10_000);
      assert.ok(clock.elapsed() - last <= 10_000);
    }
    leadership.end();
  });

  test('ends with the leadership, and tells of no failure then', async () => {
    const failures: unknown[] = [];
    const cut = Promise.withResolvers<void>();
    const done = run(
      () => cut.promise,
      (failure) => failures.push(failure),
    );
    leadership.end();
    cut.reject(new Error('cut short'));
    await done;
    assert.deepEqual(failures, []);
    await run(() => assert.fail('must not begin'));
  });
});

describe('tasks that end together', () => {
  test('end when one of them ends', async () => {
    let shared: Leadership | undefined;
    await runTaskGroup(leadership, (given) => {
      shared = given;
      return [untilStopped(given), clockTask(1), untilStopped(given)];
    });
    assert.equal(shared?.isLeader(), false);
    assert.equal(leadership.isLeader(), true, 'the leadership itself goes on');
    assert.deepEqual(getEventListeners(leadership.abort, 'abort'), []);
  });

  test('end when one of them fails, and the failure is told after all have ended', async () => {
    const error = new Error('a defect');
    let others = 0;
    const running = runTaskGroup(leadership, (shared) => [
      untilStopped(shared)
        .then(() => settle())
        .then(() => {
          others += 1;
        }),
      Promise.reject(error),
      Promise.reject(new Error('a later one')),
    ]);
    await assert.rejects(running, error);
    assert.equal(others, 1);
  });

  test('end with the leadership, for its reason', async () => {
    let shared: Leadership | undefined;
    const running = runTaskGroup(leadership, (given) => {
      shared = given;
      return [untilStopped(given)];
    });
    const reason = new Error('lost');
    leadership.end(reason);
    await running;
    assert.equal(shared?.abort.reason, reason);
  });

  test('are stopped from the start when the leadership has ended already', async () => {
    leadership.end();
    await runTaskGroup(leadership, (shared) => {
      assert.equal(shared.abort.aborted, true);
      return [Promise.resolve()];
    });
  });

  test('do not go on when one of them cannot even begin', async () => {
    let shared: Leadership | undefined;
    const running = runTaskGroup(leadership, (given) => {
      shared = given;
      throw new Error('a defect');
    });
    await assert.rejects(running, /a defect/);
    assert.equal(shared?.abort.aborted, true);
  });

  test('share the leadership itself: its term, its word and its loss', async () => {
    await runTaskGroup(leadership, (shared) => {
      assert.deepEqual([shared.term, shared.isLeader()], [3, true]);
      leadership.held = false;
      assert.equal(shared.isLeader(), false);
      return [
        shared.confirm(8).then((term) => {
          assert.deepEqual([term, shared.term], [9, 9]);
        }),
      ];
    });
  });

  function clockTask(ms: number): Promise<void> {
    const done = new Promise<void>((resolve) => clock.after(ms, resolve));
    void clock.advance(ms);
    return done;
  }
});
