import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../runtime/clock.ts';
import { Cached } from './cached.ts';

function scene(costMs: number) {
  let now = 0;
  let made = 0;
  const clock: Clock = { now: () => now, elapsed: () => now, after: () => () => undefined };
  const cached = new Cached(clock, () => {
    made += 1;
    now += costMs;
    return made;
  });
  return { cached, pass: (ms: number) => (now += ms) };
}

test('an answer is made once in twenty times as long as that takes', async () => {
  const { cached, pass } = scene(2);
  assert.deepEqual(await Promise.all([cached.get(), cached.get(), cached.get()]), [1, 1, 1]);
  pass(39);
  assert.equal(await cached.get(), 1);
  pass(1);
  assert.equal(await cached.get(), 2);
});

test('a very costly one is no older than a quarter of a second', async () => {
  const { cached, pass } = scene(500);
  await cached.get();
  pass(249);
  assert.equal(await cached.get(), 1);
  pass(1);
  assert.equal(await cached.get(), 2);
});

test('what it was made of has changed: it is made again at once, also while it is being made', async () => {
  const { cached } = scene(10);
  const first = cached.get();
  cached.forget();
  assert.deepEqual(await Promise.all([first, cached.get()]), [1, 2]);
  assert.equal(await cached.get(), 2);
});

test('one that failed is tried again', async () => {
  let now = 0;
  const clock: Clock = { now: () => now, elapsed: () => now, after: () => () => undefined };
  const cached = new Cached(clock, () => {
    now += 1;
    if (now === 1) throw new Error('not yet');
    return now;
  });
  await assert.rejects(cached.get(), /not yet/);
  now += 20;
  assert.equal(await cached.get(), 22);
});
