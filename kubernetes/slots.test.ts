import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Slots } from './slots.ts';

const NEVER = new AbortController().signal;

/** `order`: who has entered. */
function entrance(slots: Slots) {
  const order: string[] = [];
  const enter = async (what: string) => {
    const leave = await slots.enter(NEVER);
    order.push(what);
    return leave;
  };
  return { order, enter };
}

test('one is in at a time, in the order in which they came', async () => {
  const { order, enter } = entrance(new Slots(1));
  const leaving = ['a', 'b', 'c'].map(enter);
  for (const [index, entered] of leaving.entries()) {
    await turn();
    assert.equal(order.length, index + 1);
    (await entered)();
  }
  assert.deepEqual(order, ['a', 'b', 'c']);
  (await enter('d'))();
});

test('as many are in as there are slots, and no newcomer overtakes', async () => {
  const { order, enter } = entrance(new Slots(2));
  const entering = ['a', 'b', 'c'].map(enter);
  await turn();
  assert.deepEqual(order, ['a', 'b']);
  (await entering[0])?.();
  const late = enter('d');
  await turn();
  assert.deepEqual(order, ['a', 'b', 'c']);
  for (const entered of entering.slice(1)) (await entered)();
  (await late)();
  assert.deepEqual(order, ['a', 'b', 'c', 'd']);
});

test('who gives up waits no more and takes no place', async () => {
  const gate = new Slots(1);
  const leave = await gate.enter(NEVER);
  const stop = new AbortController();
  const [given, next] = [gate.enter(stop.signal), gate.enter(NEVER)];
  stop.abort(new Error('stopped'));
  await assert.rejects(given, /stopped/);
  await assert.rejects(gate.enter(stop.signal), /stopped/);
  leave();
  (await next)();
  // Also when it has its place already.
  const late = new AbortController();
  const entered = await gate.enter(late.signal);
  late.abort();
  entered();
  (await gate.enter(NEVER))();
});
