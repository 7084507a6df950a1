import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { CallLimiter, CallLimiters, type CallPurpose, type RateWindow } from './call-limiter.ts';
import { DnsError } from './provider.ts';

const abort = new AbortController().signal;

function limits(...windows: RateWindow[]) {
  return { provider: 'somebody', windows, readShare: 1 / 3 };
}

test('whoever asks when: no window ever holds more calls than allowed, and each is answered in bounded time', async () => {
  const windows = [
    { ms: 1_000, calls: 3 },
    { ms: 10_000, calls: 8 },
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat({ max: 900 }), fc.constantFrom('read' as const, 'write' as const)), {
        maxLength: 60,
      }),
      async (pauses) => {
        const clock = new VirtualClock();
        const limiter = new CallLimiter(clock, limits(...windows));
        const taken: number[] = [];
        const asked = pauses.length;
        let answered = 0;
        for (const [pause, purpose] of pauses) {
          void limiter.take(abort, purpose).then(
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
          assert.ok(
            taken.every((at, index) => at - (taken[index - calls] ?? Number.NEGATIVE_INFINITY) >= ms),
          );
        }
      },
    ),
    { numRuns: 50 },
  );
});

test('everybody gets a pause with the reason of the first', async () => {
  const clock = new VirtualClock();
  const limiter = new CallLimiter(clock, limits({ ms: 60_000, calls: 20 }));
  limiter.pause(30_000, new DnsError('slow down', { kind: 'rate', code: '405', action: 'Wait.' }));
  await assert.rejects(limiter.take(abort, 'write'), {
    message: 'slow down',
    code: '405',
    retryAfterMs: 30_000,
  });
  await clock.advance(30_000);
  await limiter.take(abort, 'write');
});

test('a stop ends the waiting', async () => {
  const clock = new VirtualClock();
  const limiter = new CallLimiter(clock, limits({ ms: 10_000, calls: 1 }));
  await limiter.take(abort, 'write');
  const stop = new AbortController();
  const waiting = limiter.take(stop.signal, 'read');
  stop.abort(new Error('stopping'));
  await assert.rejects(waiting, /stopping/);
  assert.equal(clock.pending, 0);
});

/** How many of `zones` are written when all of them are at once. */
async function writtenOf(zones: number, limiter: CallLimiter, clock: VirtualClock): Promise<number> {
  let written = 0;
  const move = async () => {
    await limiter.take(abort, 'read');
    await limiter.take(abort, 'write'); // Its read again.
    await limiter.take(abort, 'write');
    written += 1;
    await limiter.take(abort, 'write'); // What it shows.
  };
  const moves = Array.from({ length: zones }, () => move().catch(() => undefined));
  await clock.advance(30_000);
  await Promise.all(moves);
  return written;
}

test('reads of many zones take no call that is needed to write those that were read', async () => {
  const clock = new VirtualClock();
  const limiter = new CallLimiter(clock, limits({ ms: 300_000, calls: 80 }));
  assert.equal(await writtenOf(200, limiter, clock), 26);
  await clock.advance(300_000);
  assert.equal(await writtenOf(20, limiter, clock), 20);
});

test('a write that has begun comes before the reads of others, and looks whether it has arrived after them', async () => {
  const clock = new VirtualClock();
  const limiter = new CallLimiter(clock, limits({ ms: 1_000, calls: 1 }));
  const order: string[] = [];
  const take = (purpose: CallPurpose) =>
    limiter.take(abort, purpose).then(() => order.push(`${purpose} ${clock.elapsed()}`));
  const taken = [take('read'), take('look'), take('read'), take('read'), take('write'), take('write')];
  await clock.advance(5_000);
  await Promise.all(taken);
  assert.deepEqual(order, ['read 0', 'write 1000', 'write 2000', 'read 3000', 'read 4000', 'look 5000']);
  assert.equal(clock.pending, 0);
});

test('whoever waits for a call learns of a pause at once', async () => {
  const clock = new VirtualClock();
  const limiter = new CallLimiter(clock, limits({ ms: 10_000, calls: 1 }));
  await limiter.take(abort, 'read');
  const waiting = limiter.take(abort, 'read');
  limiter.pause(30_000, new DnsError('slow down', { kind: 'rate', action: 'Wait.' }));
  await assert.rejects(waiting, { message: 'slow down', retryAfterMs: 30_000 });
  assert.equal(clock.pending, 0);
});

test('all who use an account share its limit, and its pause', async () => {
  const clock = new VirtualClock();
  const limiters = new CallLimiters(clock);
  const each = limits({ ms: 1_000, calls: 4 });
  const mine = Array.from({ length: 3 }, () => limiters.of('one', each));
  const taken: number[] = [];
  const calls = [...mine, ...mine, ...mine].map((limiter) =>
    limiter.take(abort, 'read').then(() => taken.push(clock.elapsed())),
  );
  const other = limiters.of('another', each);
  await other.take(abort, 'read');
  assert.equal(clock.elapsed(), 0);
  await clock.advance(3_000);
  await Promise.all(calls);
  assert.deepEqual(taken, [0, 0, 0, 0, 1_000, 1_000, 1_000, 1_000, 2_000]);
  mine[0]?.pause(30_000, new DnsError('slow down', { kind: 'rate', action: 'Wait.' }));
  await assert.rejects(async () => await mine[1]?.take(abort, 'write'), { message: 'slow down' });
  await other.take(abort, 'write');
});
