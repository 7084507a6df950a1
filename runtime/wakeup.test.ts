import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { settlesWithin, VirtualClock } from '../test/support/virtual-clock.ts';
import { Wakeup } from './wakeup.ts';

const GAP_MS = 25;
const PERIOD_MS = 10_000;

let clock: VirtualClock;
let stop: AbortController;
let wakeup: Wakeup;
/** When each wait ended. */
let answers: number[];

beforeEach(() => {
  clock = new VirtualClock();
  stop = new AbortController();
  wakeup = new Wakeup(clock, GAP_MS);
  answers = [];
});

afterEach(async () => {
  stop.abort();
  await clock.advance(0);
  assert.equal(clock.pending, 0, 'a timer was left');
  assert.deepEqual(getEventListeners(stop.signal, 'abort'), [], 'a listener was left');
});

/** Waits again and again; each answer is followed by `workMs` of work. */
async function answerAll(workMs = 0): Promise<void> {
  while (!stop.signal.aborted) {
    await wakeup.wait(PERIOD_MS, stop.signal);
    if (stop.signal.aborted) return;
    answers.push(clock.elapsed());
    if (workMs > 0) await new Promise<void>((resolve) => clock.after(workMs, resolve));
  }
}

test('a wait ends with its period when nobody rings', async () => {
  void answerAll();
  await clock.advance(3 * PERIOD_MS);
  assert.deepEqual(answers, [PERIOD_MS, 2 * PERIOD_MS, 3 * PERIOD_MS]);
});

test('a ring is answered at once', async () => {
  void answerAll();
  await clock.advance(700);
  wakeup.notify();
  await clock.advance(0);
  assert.deepEqual(answers, [700]);
});

test('a ring from before the first wait is not lost', async () => {
  wakeup.notify();
  void answerAll();
  await clock.advance(0);
  assert.deepEqual(answers, [0]);
});

test('a burst is answered twice: at once, and after the gap', async () => {
  void answerAll();
  for (let index = 0; index < 10; index += 1) {
    wakeup.notify();
    await clock.advance(2);
  }
  await clock.advance(PERIOD_MS / 2);
  assert.deepEqual(answers, [0, GAP_MS]);
});

test('rings while one is being answered make one more answer, after the work', async () => {
  void answerAll(400);
  wakeup.notify();
  await clock.advance(100);
  wakeup.notify();
  wakeup.notify();
  await clock.advance(PERIOD_MS / 2);
  assert.deepEqual(answers, [0, 400]);
});

test('many waits leave no listeners behind', async () => {
  void answerAll();
  for (let index = 0; index < 5; index += 1) {
    await clock.advance(PERIOD_MS / 2);
    wakeup.notify();
  }
  await clock.advance(GAP_MS);
  assert.equal(getEventListeners(stop.signal, 'abort').length, 1, 'that of the wait under way');
  assert.equal(clock.pending, 1);
});

test('an abort ends the wait, also in the gap', async () => {
  const running = answerAll();
  wakeup.notify();
  await clock.advance(1);
  wakeup.notify();
  await clock.advance(1);
  stop.abort();
  await running;
  assert.deepEqual(answers, [0]);
});

test('an abort before the wait ends it', async () => {
  stop.abort();
  assert.ok(await settlesWithin(clock, 0, wakeup.wait(PERIOD_MS, stop.signal)));
});

test('no ring is lost, and no two answers are closer than the gap, whatever the rhythm', async () => {
  const pauses = fc.array(fc.nat({ max: 60 }), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(pauses, fc.nat({ max: 40 }), async (rhythm, workMs) => {
      clock = new VirtualClock();
      stop = new AbortController();
      wakeup = new Wakeup(clock, GAP_MS);
      answers = [];
      const running = answerAll(workMs);
      const rings: number[] = [];
      for (const pause of rhythm) {
        await clock.advance(pause);
        rings.push(clock.elapsed());
        wakeup.notify();
      }
      await clock.advance(GAP_MS + workMs + 1);
      for (const ring of rings) {
        const answer = answers.find((at) => at >= ring);
        assert.ok(
          answer !== undefined && answer - ring <= Math.max(GAP_MS, workMs),
          `ring at ${ring}: ${answer}`,
        );
      }
      for (const [index, at] of answers.slice(1).entries()) {
        assert.ok(at - (answers[index] ?? 0) >= GAP_MS, `answers at ${answers.join()}`);
      }
      stop.abort();
      await clock.advance(workMs);
      await running;
    }),
    { numRuns: 60 },
  );
});
