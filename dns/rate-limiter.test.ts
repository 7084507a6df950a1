import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { DnsError } from './provider.ts';
import { RateLimiter, type RateWindow } from './rate-limiter.ts';

const abort = new AbortController().signal;

function limits(...windows: RateWindow[]) {
  return { provider: 'somebody', windows, writes: { ms: 20_000, calls: 2 } };
}

test('whoever asks when: no window ever holds more calls than allowed, and each is answered in bounded time', async () => {
  const windows = [
    { ms: 1_000, calls: 3 },
    { ms: 10_000, calls: 8 },
  ];
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: 900 }), { maxLength: 60 }), async (pauses) => {
      const clock = new VirtualClock();
      const limiter = new RateLimiter(clock, limits(...windows));
      const taken: number[] = [];
      const asked = pauses.length;
      let answered = 0;
      for (const pause of pauses) {
        void limiter.take(abort).then(
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

test('everybody gets a pause with the reason of the first', async () => {
  const clock = new VirtualClock();
  const limiter = new RateLimiter(clock, limits({ ms: 60_000, calls: 20 }));
  limiter.pause(30_000, new DnsError('slow down', { kind: 'rate', code: '405', action: 'Wait.' }));
  await assert.rejects(limiter.take(abort), { message: 'slow down', code: '405', retryAfterMs: 30_000 });
  await clock.advance(30_000);
  await limiter.take(abort);
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
  await limiter.take(abort);
  const stop = new AbortController();
  const waiting = limiter.take(stop.signal);
  stop.abort(new Error('stopping'));
  await assert.rejects(waiting, /stopping/);
  assert.equal(clock.pending, 0);
});
