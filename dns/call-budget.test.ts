import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { CallBudget, type Window } from './call-budget.ts';
import { DnsError } from './provider.ts';

const signal = new AbortController().signal;

function plan(...windows: Window[]) {
  return { provider: 'somebody', windows, writes: { ms: 20_000, calls: 2 } };
}

test('whoever asks when: no window ever holds more calls than planned, and each is answered in bounded time', async () => {
  const windows = [
    { ms: 1_000, calls: 3 },
    { ms: 10_000, calls: 8 },
  ];
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: 900 }), { maxLength: 60 }), async (pauses) => {
      const clock = new VirtualClock();
      const budget = new CallBudget(clock, plan(...windows));
      const taken: number[] = [];
      const asked = pauses.length;
      let answered = 0;
      for (const pause of pauses) {
        void budget.take(signal).then(
          () => {
            answered += 1;
            taken.push(clock.elapsed());
          },
          (error: unknown) => {
            answered += 1;
            assert.ok(error instanceof DnsError && error.kind === 'rate' && (error.retryAfterMs ?? 0) > 0);
          },
        );
        await clock.advance(pause);
      }
      await clock.advance(30_000);
      assert.equal(answered, asked);
      for (const { ms, calls } of windows) {
        assert.ok(taken.every((at, index) => at - (taken[index - calls] ?? Number.NEGATIVE_INFINITY) >= ms));
      }
    }),
    { numRuns: 50 },
  );
});

test('a pause is told to everybody with the reason of the first', async () => {
  const clock = new VirtualClock();
  const budget = new CallBudget(clock, plan({ ms: 60_000, calls: 20 }));
  budget.pause(30_000, new DnsError('slow down', { kind: 'rate', code: '405', action: 'Wait.' }));
  await assert.rejects(budget.take(signal), { message: 'slow down', code: '405', retryAfterMs: 30_000 });
  await clock.advance(30_000);
  await budget.take(signal);
});

test('a zone is written twice at once, then in turn; another zone does not wait', async () => {
  const clock = new VirtualClock();
  const budget = new CallBudget(clock, plan({ ms: 60_000, calls: 20 }));
  const writes: string[] = [];
  const start = clock.elapsed();
  const write = async (zone: string) => {
    await budget.awaitWrite(zone, signal);
    budget.noteWrite(zone);
    writes.push(`${zone} ${clock.elapsed() - start}`);
  };
  const turns = [write('a.example')];
  await clock.advance(3_000);
  turns.push(write('a.example'));
  await clock.advance(1_000);
  turns.push(
    write('a.example').then(() => write('a.example')),
    write('b.example'),
  );
  await clock.advance(30_000);
  await Promise.all(turns);
  assert.deepEqual(writes, [
    'a.example 0',
    'a.example 3000',
    'b.example 4000',
    'a.example 20000',
    'a.example 23000',
  ]);
});

test('a stop ends the waiting', async () => {
  const clock = new VirtualClock();
  const budget = new CallBudget(clock, plan({ ms: 10_000, calls: 1 }));
  await budget.take(signal);
  const stop = new AbortController();
  const waiting = budget.take(stop.signal);
  stop.abort(new Error('stopping'));
  await assert.rejects(waiting, /stopping/);
  assert.equal(clock.pending, 0);
});
