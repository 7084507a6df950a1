import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FairQueue } from './fair-queue.ts';

function all(queue: FairQueue<string>): string[] {
  const order: string[] = [];
  while (!queue.isEmpty) order.push(queue.next() ?? 'none');
  return order;
}

test('each client in turn, whatever it brings', () => {
  const queue = new FairQueue<string>();
  for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']) queue.add(item.slice(0, 1), item);
  assert.deepEqual(all(queue), ['a1', 'b1', 'c1', 'a2', 'c2', 'a3']);
  assert.equal(queue.next(), undefined);
});
