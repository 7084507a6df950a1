import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { DnsError } from '../provider.ts';
import { CallLimiter, CallLimiters } from './call-limiter.ts';
import { type CallPurpose, PURPOSES, type RateWindow } from './call-shares.ts';

const abort = new AbortController().signal;

function limits(...windows: RateWindow[]) {
  return { provider: 'somebody', windows, idleShare: 1 / 3, moveCalls: 3 };
}

test('whoever asks when: no window ever holds more calls than allowed, and each is answered in bounded time', async () => {
  const windows = [
    { ms: 1_000, calls: 3 },
    { ms: 10_000, calls: 8 },
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat({ max: 900 }), fc.constantFrom(...PURPOSES)), {
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
        await clock.advance(150_000);
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
  const waiting = limiter.take(stop.signal, 'move');
  stop.abort(new Error('stopping'));
  await assert.rejects(waiting, /stopping/);
  assert.equal(clock.pending, 0);
});

/** How many of `zones` are written when all of them are at once. */
async function writtenOf(zones: number, limiter: CallLimiter, clock: VirtualClock): Promise<number> {
  let written = 0;
  const move = async () => {
    await limiter.take(abort, 'move');
    await limiter.take(abort, 'write'); // Its read again.
    await limiter.take(abort, 'write');
    written += 1;
    await limiter.take(abort, 'check');
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
  const taken = [take('move'), take('look'), take('move'), take('move'), take('write'), take('write')];
  await clock.advance(5_000);
  await Promise.all(taken);
  assert.deepEqual(order, ['move 0', 'write 1000', 'write 2000', 'move 3000', 'move 4000', 'look 5000']);
  assert.equal(clock.pending, 0);
});

test('whatever can wait was asked for before: a zone moves without waiting', async () => {
  const minute = { ms: 60_000, calls: 20 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat({ max: 3_000 }), fc.constantFrom('check', 'first', 'drift', 'look')), {
        maxLength: 60,
      }),
      async (pauses) => {
        const clock = new VirtualClock();
        const limiter = new CallLimiter(clock, limits(minute, { ms: 3_600_000, calls: 60 }));
        for (const [pause, purpose] of pauses) {
          void limiter.take(abort, purpose).catch(() => undefined);
          await clock.advance(pause);
        }
        const began = clock.elapsed();
        for (const purpose of ['move', 'write', 'write'] as const) await limiter.take(abort, purpose);
        assert.equal(clock.elapsed(), began);
      },
    ),
    { numRuns: 200 },
  );
});

for (const purpose of ['check', 'first', 'drift', 'look'] as const) {
  test(`all that was asked for is ${purpose}, as much as there may be: a zone moves without waiting`, async () => {
    const clock = new VirtualClock();
    const limiter = new CallLimiter(clock, limits({ ms: 60_000, calls: 20 }));
    for (let asked = 0; asked < 30; asked += 1) void limiter.take(abort, purpose).catch(() => undefined);
    for (const own of ['move', 'write', 'write'] as const) await limiter.take(abort, own);
    assert.equal(clock.elapsed(), 0);
  });
}

test('a read keeps the calls of its write for as long as that may come', async () => {
  const clock = new VirtualClock();
  const limiter = new CallLimiter(clock, limits({ ms: 60_000, calls: 9 }));
  const moves = [1, 2, 3].map(() => limiter.take(abort, 'move'));
  await Promise.all(moves);
  const fourth = limiter.take(abort, 'move').then(() => clock.elapsed());
  await clock.advance(19_999);
  await limiter.take(abort, 'write');
  await clock.advance(1);
  assert.equal(await fourth, 20_000, 'two of the others had nothing to write');
});

test('a move that found no call left comes before what can wait, though it does not stand in line', async () => {
  const clock = new VirtualClock();
  const limiter = new CallLimiter(clock, limits({ ms: 60_000, calls: 3 }));
  for (const purpose of ['move', 'write', 'write'] as const) await limiter.take(abort, purpose);
  await assert.rejects(limiter.take(abort, 'move'), { code: 'budget', retryAfterMs: 60_000 });
  await clock.advance(59_000);
  const look = limiter.take(abort, 'drift').then(() => clock.elapsed());
  await clock.advance(1_000);
  for (const purpose of ['move', 'write', 'write'] as const) await limiter.take(abort, purpose);
  assert.equal(clock.elapsed(), 60_000);
  await assert.rejects(look, { code: 'budget' });
});

test('whoever waits for a call learns of a pause at once', async () => {
  const clock = new VirtualClock();
  const limiter = new CallLimiter(clock, limits({ ms: 10_000, calls: 1 }));
  await limiter.take(abort, 'move');
  const waiting = limiter.take(abort, 'move');
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
    limiter.take(abort, 'move').then(() => taken.push(clock.elapsed())),
  );
  const other = limiters.of('another', each);
  await other.take(abort, 'move');
  assert.equal(clock.elapsed(), 0);
  await clock.advance(3_000);
  await Promise.all(calls);
  assert.deepEqual(taken, [0, 0, 0, 0, 1_000, 1_000, 1_000, 1_000, 2_000]);
  mine[0]?.pause(30_000, new DnsError('slow down', { kind: 'rate', action: 'Wait.' }));
  await assert.rejects(async () => await mine[1]?.take(abort, 'write'), { message: 'slow down' });
  await other.take(abort, 'write');
});
