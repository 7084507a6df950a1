import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Status } from '../../contract/status.ts';
import { TestLeadership } from '../../test/support/fake-cluster.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import type { PublishedStatus, Signal } from './signal.ts';
import { type SignalProgress, SignalWorker } from './worker.ts';

const RESYNC_MS = 60_000;

let clock: VirtualClock;
let leadership: TestLeadership;
/** The epochs that the signal was given, and when. */
let applied: { epoch: number; at: number }[];
let progress: SignalProgress[];
let apply: (state: PublishedStatus) => Promise<void>;
let worker: SignalWorker;
let wake: () => void;

beforeEach(() => {
  clock = new VirtualClock();
  leadership = new TestLeadership();
  applied = [];
  progress = [];
  apply = () => Promise.resolve();
  const signal: Signal = {
    name: 'test',
    resyncMs: RESYNC_MS,
    apply(state) {
      applied.push({ epoch: state.status.epoch, at: clock.elapsed() });
      return apply(state);
    },
    watch(given, abort) {
      wake = given;
      return new Promise((resolve) => abort.addEventListener('abort', () => resolve(), { once: true }));
    },
  };
  const onProgress = (step: SignalProgress) => progress.push(step);
  worker = new SignalWorker(signal, { clock, random: () => 0.5, onProgress });
});

afterEach(async () => {
  leadership.end();
  await clock.advance(RESYNC_MS);
  assert.equal(clock.pending, 0, 'a timer was left');
});

const state = (epoch: number) => ({ follower: 'default', site: undefined, status: { epoch } as Status });
const epochs = () => applied.map(({ epoch }) => epoch);
const failing = () => Promise.reject(new Error('the world does not agree'));

describe('a worker', () => {
  test('has nothing to apply before a state is known', async () => {
    void worker.run(leadership);
    await clock.advance(3 * RESYNC_MS);
    assert.deepEqual([applied, progress], [[], []]);
  });

  test('applies a state at once, also one from before it began', async () => {
    worker.publish(state(1));
    void worker.run(leadership);
    await clock.advance(0);
    await clock.advance(5_000);
    worker.publish(state(2));
    await clock.advance(0);
    assert.deepEqual(applied, [
      { epoch: 1, at: 0 },
      { epoch: 2, at: 5_000 },
    ]);
  });

  test('applies the newest state; those in between are dropped', async () => {
    const first = Promise.withResolvers<void>();
    apply = ({ status }) => (status.epoch === 1 ? first.promise : Promise.resolve());
    worker.publish(state(1));
    void worker.run(leadership);
    await clock.advance(10);
    for (const epoch of [2, 3, 4]) worker.publish(state(epoch));
    await clock.advance(1_000);
    assert.deepEqual(epochs(), [1], 'two at a time');
    first.resolve();
    await clock.advance(1_000);
    assert.deepEqual(epochs(), [1, 4]);
  });

  test('applies an unchanged state again, about every resync', async () => {
    worker.publish(state(1));
    void worker.run(leadership);
    await clock.advance(3.5 * RESYNC_MS);
    assert.deepEqual(
      applied.map(({ at }) => at),
      [0, RESYNC_MS, 2 * RESYNC_MS, 3 * RESYNC_MS],
    );
  });

  test('applies again when its watch wakes it', async () => {
    worker.publish(state(1));
    void worker.run(leadership);
    await clock.advance(2_000);
    wake();
    await clock.advance(0);
    assert.deepEqual(epochs(), [1, 1]);
  });

  test('lets a chatty watch wake it ten times a second at most', async () => {
    worker.publish(state(1));
    void worker.run(leadership);
    for (let ms = 0; ms < 2_000; ms += 5) {
      wake();
      await clock.advance(5);
    }
    assert.ok(applied.length >= 10 && applied.length <= 21, `${applied.length} times in two seconds`);
  });
});

describe('a worker whose signal fails', () => {
  test('tries again with growing pauses, up to a minute, for ever', async () => {
    apply = failing;
    worker.publish(state(1));
    void worker.run(leadership);
    await clock.advance(20 * 60_000);
    const pauses = applied.slice(1).map(({ at }, index) => at - (applied[index]?.at ?? 0));
    // Three quarters of 500 ms, 1 s, 2 s and so on: the random number is one half.
    assert.deepEqual(pauses.slice(0, 5), [375, 750, 1_500, 3_000, 6_000]);
    assert.ok(pauses.length > 20);
    assert.ok(
      pauses.slice(8).every((pause) => pause === 45_000),
      pauses.join(),
    );
    assert.deepEqual(
      progress.slice(0, 3).map(({ outcome, failures }) => [outcome, failures]),
      [
        ['failed', 1],
        ['failed', 2],
        ['failed', 3],
      ],
    );
    assert.match(String(progress[0]?.error), /does not agree/);
  });

  test('begins with short pauses again after a success', async () => {
    apply = failing;
    worker.publish(state(1));
    void worker.run(leadership);
    await clock.advance(10 * 60_000);
    apply = () => Promise.resolve();
    await clock.advance(60_000);
    assert.deepEqual([progress.at(-1)?.outcome, progress.at(-1)?.failures], ['applied', 0]);
    apply = failing;
    applied = [];
    worker.publish(state(2));
    await clock.advance(2_000);
    assert.ok(applied.length >= 3, `${applied.length} attempts in two seconds`);
  });

  test('gives it the newest state at once', async () => {
    apply = failing;
    worker.publish(state(1));
    void worker.run(leadership);
    await clock.advance(10 * 60_000);
    worker.publish(state(2));
    await clock.advance(0);
    assert.equal(epochs().at(-1), 2);
  });

  test('counts what throws at once like what rejects', async () => {
    apply = () => {
      throw new Error('defect');
    };
    worker.publish(state(1));
    void worker.run(leadership);
    await clock.advance(1_000);
    assert.equal(progress[0]?.outcome, 'failed');
  });
});

describe('a worker that stops', () => {
  test('ends with the leadership while it waits', async () => {
    worker.publish(state(1));
    const running = worker.run(leadership);
    await clock.advance(10);
    leadership.end();
    await running;
    assert.deepEqual(epochs(), [1]);
  });

  test('does not count what was cut short as a failure, and applies no more', async () => {
    apply = () =>
      new Promise((_, reject) =>
        leadership.abort.addEventListener('abort', () => reject(leadership.abort.reason as Error)),
      );
    worker.publish(state(1));
    const running = worker.run(leadership);
    await clock.advance(10);
    worker.publish(state(2));
    leadership.end();
    await running;
    assert.deepEqual([epochs(), progress], [[1], []]);
  });
});
