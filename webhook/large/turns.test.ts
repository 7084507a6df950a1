import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { SerialQueue } from './turns.ts';

test('one after the other, each client in turn', async () => {
  const [turns, order, ends] = [new SerialQueue(), [] as string[], [] as (() => void)[]];
  const add = (client: string, what: string) =>
    turns.add(client, 100_000, () => {
      order.push(what);
      return new Promise((resolve) => ends.push(resolve));
    });
  for (const what of ['a1', 'a2', 'a3']) add('a', what);
  add('b', 'b1');
  assert.deepEqual(order, ['a1']);
  for (const expected of ['a2', 'b1', 'a3']) {
    ends.shift()?.();
    await turn();
    assert.equal(order.at(-1), expected);
  }
  ends.shift()?.();
  await turn();
  add('a', 'a4');
  assert.deepEqual(order, ['a1', 'a2', 'b1', 'a3', 'a4']);
});

test('of one client a small one waits for no more than one of each larger size', async () => {
  const [turns, order] = [new SerialQueue(), [] as number[]];
  const gate = Promise.withResolvers<void>();
  const review = (bytes: number) =>
    turns.add('API server', bytes, () => {
      order.push(bytes);
      return gate.promise;
    });
  for (const bytes of [1_000_000, 1_000_000, 1_000_000, 80_000, 1_000_000, 80_000]) review(bytes);
  gate.resolve();
  await turn();
  assert.deepEqual(order, [1_000_000, 1_000_000, 80_000, 1_000_000, 80_000, 1_000_000]);
});
