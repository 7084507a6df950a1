import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { DnsError } from './provider.ts';
import { RateLimiter, type RateWindow } from './rate-limiter.ts';

const abort = new AbortController().signal;

function limits(...windows: RateWindow[]) {
  return { provider: 'somebody', windows, readShare: 1 / 3, writes: { ms: 20_000, calls: 2 } };
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
        const limiter = new RateLimiter(clock, limits(...windows));
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
  const limiter = new RateLimiter(clock, limits({ ms: 60_000, calls: 20 }));
  limiter.pause(30_000, new DnsError('slow down', { kind: 'rate', code: '405', action: 'Wait.' }));
  await assert.rejects(limiter.take(abort, 'write'), {
    message: 'slow down',
    code: '405',
    retryAfterMs: 30_000,
  });
  await clock.advance(30_000);
  await limiter.take(abort, 'write');
});

test('a zone is written twice at once, then in turn; another zone does not wait', async () => {
  const clock = new VirtualClock();
  const limiter = new RateLimiter(clock, limits({ ms: 60_000, calls: 20 }));
  const writes: string[] = [];
  const start = clock.elapsed();
  const write = async (zone: string) => {
    await limiter.awaitWrite(zone, abort);
    limiter.noteWrite(zone);
    writes.push(`${zone} ${clock.elapsed() - start}`);
  };
  const pending = [write('a.example')];
  await clock.advance(3_000);
  pending.push(write('a.example'));
  await clock.advance(1_000);
  pending.push(
    write('a.example').then(() => write('a.example')),
    write('b.example'),
  );
  await clock.advance(30_000);
  await Promise.all(pending);
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
  const limiter = new RateLimiter(clock, limits({ ms: 10_000, calls: 1 }));
  await limiter.take(abort, 'write');
  const stop = new AbortController();
  const waiting = limiter.take(stop.signal, 'read');
  stop.abort(new Error('stopping'));
  await assert.rejects(waiting, /stopping/);
  assert.equal(clock.pending, 0);
});

/** How many of `zones` are written when all of them are at once. */
async function writtenOf(zones: number, limiter: RateLimiter, clock: VirtualClock): Promise<number> {
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
  const limiter = new RateLimiter(clock, limits({ ms: 300_000, calls: 80 }));
  assert.equal(await writtenOf(200, limiter, clock), 26);
  await clock.advance(300_000);
  assert.equal(await writtenOf(20, limiter, clock), 20);
});

test('a write that has begun comes before the reads of others', async () => {
  const clock = new VirtualClock();
  const limiter = new RateLimiter(clock, limits({ ms: 1_000, calls: 1 }));
  const order: string[] = [];
  const take = (purpose: 'read' | 'write') =>
    limiter.take(abort, purpose).then(() => order.push(`${purpose} ${clock.elapsed()}`));
  const taken = [take('read'), take('read'), take('read'), take('write'), take('write')];
  await clock.advance(4_000);
  await Promise.all(taken);
  assert.deepEqual(order, ['read 0', 'write 1000', 'write 2000', 'read 3000', 'read 4000']);
  assert.equal(clock.pending, 0);
});

test('whoever waits for a call learns of a pause at once', async () => {
  const clock = new VirtualClock();
  const limiter = new RateLimiter(clock, limits({ ms: 10_000, calls: 1 }));
  await limiter.take(abort, 'read');
  const waiting = limiter.take(abort, 'read');
  limiter.pause(30_000, new DnsError('slow down', { kind: 'rate', action: 'Wait.' }));
  await assert.rejects(waiting, { message: 'slow down', retryAfterMs: 30_000 });
  assert.equal(clock.pending, 0);
});
