import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { encodeStatus } from '../../contract/status.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { statusWith } from '../testing/status.ts';
import { ApiSource } from './api.ts';
import { ApiError } from './connection.ts';

const LIST = JSON.stringify({
  metadata: { resourceVersion: '1' },
  items: [{ metadata: { uid: 'a', resourceVersion: '1' }, data: encodeStatus(statusWith()) }],
});
const bookmark = (version: number) =>
  JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: String(version) } } });

/** One call under way, which the test answers. */
interface Call {
  readonly at: number;
  readonly isWatch: boolean;
  answer(lines: AsyncGenerator<string, void>): void;
  refuse(error: Error): void;
}

/** A source on virtual time, and the calls that it makes. */
function scene(t: TestContext, staleAfterMs = 120_000) {
  const clock = new VirtualClock();
  const calls: Call[] = [];
  const problems: string[] = [];
  let aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => undefined); // Nobody may be waiting.
  const source = new ApiSource({
    connection: {
      open(path) {
        aborted = Promise.withResolvers<never>();
        aborted.promise.catch(() => undefined);
        const answered = Promise.withResolvers<AsyncGenerator<string, void>>();
        calls.push({
          at: clock.elapsed(),
          isWatch: path.includes('watch=true'),
          answer: answered.resolve,
          refuse: answered.reject,
        });
        return Promise.race([answered.promise, aborted.promise]);
      },
      abort: (reason) => aborted.reject(reason),
      renew: () => undefined,
    },
    clock,
    random: () => 1,
    namespace: 'here',
    configMap: 'status',
    staleAfterMs,
    onReading: () => undefined,
    onConnection: (problem) => problem !== undefined && problems.push(problem),
  });
  const stop = new AbortController();
  const ended = source.run(stop.signal);
  t.after(async () => {
    stop.abort();
    await ended;
  });
  return {
    clock,
    calls,
    problems,
    last: () => calls.at(-1) as Call,
    list: () => (calls.at(-1) as Call).answer(only(LIST)),
    /** A watch that says what `say` does, and is silent then until it is aborted. */
    async *watch(this: void, say: (line: (text: string) => void) => void): AsyncGenerator<string, void> {
      const queue: string[] = [];
      let wake = Promise.withResolvers<void>();
      say((text) => {
        queue.push(text);
        wake.resolve();
      });
      for (;;) {
        const line = queue.shift();
        if (line !== undefined) yield line;
        else {
          wake = Promise.withResolvers<void>();
          await Promise.race([wake.promise, aborted.promise]);
        }
      }
    },
  };
}

async function* only(...lines: string[]): AsyncGenerator<string, void> {
  yield* lines;
}

test('a call without answer is given up', async (t) => {
  const { clock, calls, problems } = scene(t);
  await clock.advance(9_999);
  assert.deepEqual(problems, []);
  await clock.advance(1);
  assert.deepEqual(problems, ['the list gave no answer for 10 s']);
  await clock.advance(800);
  assert.equal(calls.length, 2);
});

test('failures in a row are further and further apart, at most 15 seconds', async (t) => {
  const { clock, calls, last } = scene(t);
  for (let failure = 0; failure < 8; failure += 1) {
    const { length } = calls;
    last().refuse(new Error('refused'));
    while (calls.length === length) await clock.advance(100);
  }
  const gaps = calls.slice(1).map(({ at }, index) => at - (calls[index]?.at ?? 0));
  assert.deepEqual(gaps, [800, 1_600, 3_200, 6_400, 12_800, 15_000, 15_000, 15_000]);
});

test('what the server asks for is waited, within reason', async (t) => {
  const { clock, calls, last } = scene(t);
  await clock.advance(0);
  last().refuse(new ApiError('busy', 5_000));
  await clock.advance(4_999);
  assert.equal(calls.length, 1);
  await clock.advance(1);
  assert.equal(calls.length, 2);
  last().refuse(new ApiError('busy', 3_600_000));
  await clock.advance(30_000);
  assert.equal(calls.length, 3);
});

for (const [staleAfterMs, silenceMs] of [
  [120_000, 90_000],
  [600_000, 90_000],
  [20_000, 15_000],
] as const) {
  test(`stale after ${staleAfterMs} ms: a watch that confirms nothing for ${silenceMs} ms is given up`, async (t) => {
    const { clock, problems, list, last, watch } = scene(t, staleAfterMs);
    await clock.advance(0);
    list();
    await clock.advance(0);
    let say: (line: string) => void = () => undefined;
    last().answer(
      watch((line) => {
        say = line;
      }),
    );
    await clock.advance(silenceMs - 1);
    say(bookmark(2));
    await clock.advance(silenceMs / 2);
    say(bookmark(2)); // The same version: it says nothing about now.
    await clock.advance(silenceMs / 2 - 1);
    assert.deepEqual(problems, []);
    await clock.advance(1);
    assert.deepEqual(problems, [`the watch confirmed nothing for ${silenceMs / 1_000} s`]);
  });
}

test('after a watch that ended in time the next begins at once; after one that ended at once it waits', async (t) => {
  const { clock, calls, list, last } = scene(t);
  await clock.advance(0);
  list();
  await clock.advance(0);
  last().answer(only());
  await clock.advance(799);
  assert.equal(calls.length, 2);
  await clock.advance(1);
  assert.equal(calls.length, 3);
  list();
  await clock.advance(0);
  const end = Promise.withResolvers<void>();
  last().answer(endedBy(end.promise));
  await clock.advance(60_000);
  end.resolve();
  await clock.advance(0);
  assert.equal(calls.length, 5);
  assert.equal(last().isWatch, false);
});

test('after a healthy while a failure is the first one again', async (t) => {
  const { clock, calls, list, last } = scene(t);
  for (const waitMs of [800, 1_600]) {
    await clock.advance(0);
    last().refuse(new Error('refused'));
    await clock.advance(waitMs);
  }
  list();
  await clock.advance(0);
  const end = Promise.withResolvers<void>();
  last().answer(endedBy(end.promise));
  await clock.advance(60_000);
  end.reject(new Error('reset'));
  await clock.advance(799);
  const { length } = calls;
  await clock.advance(1);
  assert.equal(calls.length, length + 1);
});

async function* endedBy(end: Promise<void>): AsyncGenerator<string, void> {
  await end;
  yield* only();
}
