import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { RateLimiter } from './rate-limiter.ts';

const abort = new AbortController().signal;
const LIMITS = {
  provider: 'somebody',
  windows: [{ ms: 60_000, calls: 20 }],
  idleShare: 1 / 3,
  moveCalls: 2,
  writes: { ms: 20_000, calls: 2 },
};

test('a zone is written twice at once, then in turn; another zone does not wait', async () => {
  const clock = new VirtualClock();
  const limiter = new RateLimiter(clock, LIMITS);
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
