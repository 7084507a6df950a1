import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { systemClock } from '../runtime/clock.ts';
import { ReviewTurns } from './review-turns.ts';

const STRANGER = '127.0.0.66';
const API_SERVER = '127.0.0.1';

function queueAt() {
  const order: string[] = [];
  const time = { ms: 0 };
  const turns = new ReviewTurns({ ...systemClock, elapsed: () => time.ms });
  const ask = (what: string, client: string, bytes: number) =>
    turns.next(client, bytes).then(() => order.push(what));
  return { ask, order, time };
}

test('one review a turn of the event loop, each client in turn', async () => {
  const { ask, order } = queueAt();
  const all = ['a', 'b', 'c'].map((what) => ask(`stranger ${what}`, STRANGER, 5_000));
  all.push(ask('pod', API_SERVER, 5_000));
  assert.deepEqual(order, []);
  await turn();
  assert.deepEqual(order, ['stranger a']);
  await turn();
  assert.deepEqual(order, ['stranger a', 'pod']);
  await Promise.all(all);
  assert.deepEqual(order.slice(2), ['stranger b', 'stranger c']);
});

test('small ones go before large ones, also of the same client, but not for longer than half a second', async () => {
  const { ask, order, time } = queueAt();
  const all = [ask('large', API_SERVER, 3_000_000), ask('of a stranger', STRANGER, 4_000_000)];
  all.push(...['a', 'b', 'c'].map((what) => ask(what, API_SERVER, 5_000)));
  await turn();
  await turn();
  assert.deepEqual(order, ['a', 'b']);
  time.ms = 501;
  await turn();
  assert.deepEqual(order, ['a', 'b', 'large']);
  await Promise.all(all);
  assert.deepEqual(order.slice(3), ['c', 'of a stranger']);
});
