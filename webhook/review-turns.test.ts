import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { systemClock } from '../runtime/clock.ts';
import { ReviewTurns } from './review-turns.ts';

const STRANGER = '127.0.0.66';
const API_SERVER = '127.0.0.1';

function queueAt({ reviewMs }: { readonly reviewMs: number }) {
  const order: string[] = [];
  const time = { ms: 0 };
  const turns = new ReviewTurns({ ...systemClock, elapsed: () => time.ms });
  const ask = (what: string, client: string) =>
    turns.add(client, () => {
      order.push(what);
      time.ms += reviewMs;
    });
  return { ask, order, time };
}

test('as many reviews a turn of the event loop as a millisecond holds, each client in turn', async () => {
  const { ask, order } = queueAt({ reviewMs: 0.5 });
  for (const what of ['a', 'b', 'c', 'd', 'e']) ask(`stranger ${what}`, STRANGER);
  ask('pod', API_SERVER);
  assert.deepEqual(order, []);
  await turn();
  assert.deepEqual(order, ['stranger a', 'pod']);
  await turn();
  assert.deepEqual(order.slice(2), ['stranger b', 'stranger c']);
  await turn();
  assert.deepEqual(order.slice(4), ['stranger d', 'stranger e']);
});

test('one that takes longer has a turn for itself', async () => {
  const { ask, order } = queueAt({ reviewMs: 3 });
  for (const what of ['a', 'b']) ask(what, API_SERVER);
  await turn();
  assert.deepEqual(order, ['a']);
  await turn();
  assert.deepEqual(order, ['a', 'b']);
});
