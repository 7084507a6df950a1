import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sleep, withDeadline } from '../../runtime/clock.ts';
import { VirtualClock } from './virtual-clock.ts';

test('timers fire in the order of their time, then of their making', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 }), async (delays) => {
      const clock = new VirtualClock();
      const fired: [number, number][] = [];
      delays.forEach((ms, index) => {
        clock.after(ms, () => fired.push([clock.elapsed(), index]));
      });
      await clock.advance(20);
      const expected = delays
        .map((ms, index): [number, number] => [ms, index])
        .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      assert.deepEqual(fired, expected);
    }),
  );
});

test('a cancelled timer never fires, and is not pending', async () => {
  const clock = new VirtualClock();
  const cancel = clock.after(5, () => assert.fail('fired'));
  clock.after(6, () => undefined);
  assert.equal(clock.pending, 2);
  cancel();
  cancel();
  assert.equal(clock.pending, 1);
  await clock.advance(10);
  assert.equal(clock.pending, 0);
  assert.equal(clock.elapsed(), 10);
});

test('everything that a timer sets off has happened before the next one', async () => {
  const clock = new VirtualClock();
  const order: string[] = [];
  clock.after(1, () => {
    void (async () => {
      for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
      order.push('jobs of the first');
    })();
  });
  clock.after(1, () => order.push('second'));
  await clock.advance(1);
  assert.deepEqual(order, ['jobs of the first', 'second']);
});

test('waits and deadlines of the project run under it', async () => {
  const clock = new VirtualClock();
  const never = new AbortController().signal;
  const slept = sleep(clock, 60_000, never).then(() => clock.elapsed());
  const late = withDeadline(clock, 5_000, undefined, 'the call', () => new Promise<never>(() => undefined));
  const refused = assert.rejects(late, /the call gave no answer within 5000 ms/);
  await clock.advance(60_000);
  await refused;
  assert.equal(await slept, 60_000);
  assert.equal(clock.pending, 0);
});

test('a frozen process fires what came due after it is thawed, in order, while its time goes on', async () => {
  const clock = new VirtualClock();
  const process = clock.process({ origin: 100, skew: 7 });
  const fired: string[] = [];
  process.after(20, () => fired.push(`second at ${process.elapsed()}`));
  process.after(10, () => fired.push(`first at ${process.elapsed()}`));
  process.after(90, () => fired.push(`third at ${process.elapsed()}`));
  const cancel = process.after(15, () => fired.push('cancelled'));
  clock.after(30, () => fired.push('another process'));
  process.freeze();
  await clock.advance(50);
  assert.deepEqual(fired, ['another process']);
  assert.equal(process.pending, 4);
  cancel();
  process.thaw();
  await clock.advance(50);
  assert.deepEqual(fired, ['another process', 'first at 150', 'second at 150', 'third at 190']);
  assert.equal(process.now() - clock.now(), 7);
  assert.equal(process.pending, 0);
});

test('nothing of a crashed process fires, not even what it sets afterwards', async () => {
  const clock = new VirtualClock();
  const process = clock.process();
  process.after(10, () => assert.fail('fired'));
  process.freeze();
  await clock.advance(20);
  process.crash();
  process.thaw();
  process.after(1, () => assert.fail('fired'));
  await clock.advance(20);
  assert.equal(process.pending, 0);
});
