import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { ReadTurns } from './read-turns.ts';

test('one piece in each turn of the event loop, each client in turn', async () => {
  const [turns, order] = [new ReadTurns(), [] as string[]];
  const read = (client: string, what: string) => turns.add(client, () => order.push(what));
  for (const what of ['a1', 'a2', 'a3']) read('a', what);
  read('b', 'b1');
  assert.deepEqual(order, []);
  await turn();
  assert.deepEqual(order, ['a1']);
  await turn();
  read('b', 'b2');
  for (let left = 3; left > 0; left -= 1) await turn();
  assert.deepEqual(order, ['a1', 'b1', 'a2', 'b2', 'a3']);
  read('a', 'a4');
  await turn();
  assert.equal(order.at(-1), 'a4');
});
