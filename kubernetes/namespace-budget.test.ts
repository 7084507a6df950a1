import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { NamespaceBudget } from './namespace-budget.ts';

function taken(budget: NamespaceBudget, namespaces: readonly string[]): number {
  return namespaces.filter((namespace) => budget.take(namespace)).length;
}

test('one namespace has a burst, then a trickle, and takes nothing from another', async () => {
  const clock = new VirtualClock();
  const budget = new NamespaceBudget(clock);
  assert.equal(taken(budget, Array<string>(1_000).fill('loud')), 25);
  assert.equal(taken(budget, Array<string>(10).fill('quiet')), 10);
  await clock.advance(10_000);
  assert.equal(taken(budget, Array<string>(1_000).fill('loud')), 5);
});

test('made-up namespaces have a bound together', async () => {
  const clock = new VirtualClock();
  const budget = new NamespaceBudget(clock);
  const madeUp = Array.from({ length: 5_000 }, (_, count) => `made-up-${count}`);
  assert.equal(taken(budget, madeUp), 100);
  await clock.advance(1_000);
  assert.equal(taken(budget, madeUp), 10);
});

test('made-up namespaces in between give nobody a new burst', async () => {
  const clock = new VirtualClock();
  const budget = new NamespaceBudget(clock);
  const madeUp = Array.from({ length: 501 }, (_, count) => `made-up-${count}`);
  let loud = 0;
  for (let round = 0; round < 600; round += 1) {
    await clock.advance(100);
    loud += taken(budget, ['loud']);
    taken(budget, madeUp);
  }
  assert.ok(loud <= 25 + 30, `${loud} in a minute`);
});

test('a namespace that was quiet for a minute has its burst again, though others came in between', async () => {
  const clock = new VirtualClock();
  const budget = new NamespaceBudget(clock);
  taken(
    budget,
    Array.from({ length: 500 }, (_, count) => `once-${count}`),
  );
  await clock.advance(60_000);
  assert.equal(taken(budget, Array<string>(100).fill('new')), 25);
});
