import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { sleep } from '../runtime/clock.ts';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { KubeError } from './errors.ts';
import { Slots } from './slots.ts';
import { WorkQueue, type WorkQueueOptions } from './work-queue.ts';

const UNSTOPPED = new AbortController().signal;

describe('the work queue', () => {
  let clock: VirtualClock;
  let stop: AbortController;
  let running: Promise<void>;
  let done: string[];

  beforeEach(() => {
    clock = new VirtualClock();
    stop = new AbortController();
    done = [];
  });
  afterEach(async () => {
    stop.abort();
    await clock.advance(60_000);
    await running;
    assert.equal(clock.pending, 0, 'a timer is left behind');
  });

  /** By default each key takes 100 ms. */
  function start(options: Partial<WorkQueueOptions> = {}): WorkQueue {
    const queue = new WorkQueue({
      clock,
      random: () => 0.5,
      work: async (key) => {
        await sleep(clock, 100, UNSTOPPED);
        done.push(`${key}@${clock.elapsed()}`);
      },
      ...options,
    });
    running = queue.run(stop.signal);
    return queue;
  }

  it('works on a key once however often it was added before', async () => {
    const queue = start({ concurrency: 1 });
    for (const key of ['a', 'b', 'a', 'b', 'b']) assert.ok(queue.add(key));
    await clock.advance(0);
    assert.equal(queue.size, 2);
    await clock.advance(1_000);
    assert.deepEqual(done, ['a@100', 'b@200']);
    assert.equal(queue.size, 0);
  });

  it('works on no more keys at once than others leave it slots', async () => {
    const slots = new Slots(2);
    const leave = await slots.enter(UNSTOPPED);
    const queue = start({ slots });
    for (const key of ['a', 'b', 'c']) queue.add(key);
    await clock.advance(150);
    leave();
    await clock.advance(1_000);
    assert.deepEqual(done, ['a@100', 'b@200', 'c@250']);
  });

  it('leaves its slots to others while its own keys take long', async () => {
    const slots = new Slots(2);
    const queue = start({ slots, work: () => sleep(clock, 5_000, UNSTOPPED) });
    queue.add('a');
    queue.add('b');
    await clock.advance(900);
    const entered = slots.enter(UNSTOPPED).then(() => clock.elapsed());
    await clock.advance(200);
    assert.equal(await entered, 1_000);
    await clock.advance(10_000);
    assert.equal(queue.size, 0);
    await slots.enter(UNSTOPPED);
    const stopped = new AbortController();
    const third = slots.enter(stopped.signal);
    stopped.abort(new Error('there are two slots still'));
    await assert.rejects(third, /two slots/);
  });

  it('that waits for a slot ends when it is stopped', async () => {
    const slots = new Slots(1);
    await slots.enter(UNSTOPPED);
    const queue = start({ slots });
    queue.add('a');
    await clock.advance(100);
    stop.abort();
    await running;
    assert.deepEqual(done, []);
  });

  it('works on a key again when it was added meanwhile, never twice at once', async () => {
    const queue = start();
    queue.add('a');
    await clock.advance(50);
    queue.add('a');
    queue.add('a');
    await clock.advance(1_000);
    assert.deepEqual(done, ['a@100', 'a@200']);
  });

  it('works on as many keys at once as it may, in their order', async () => {
    const queue = start({ concurrency: 2 });
    for (const key of ['a', 'b', 'c', 'd', 'e']) queue.add(key);
    await clock.advance(1_000);
    assert.deepEqual(done, ['a@100', 'b@100', 'c@200', 'd@200', 'e@300']);
  });

  it('gives each namespace its turn, whoever has added how many before', async () => {
    const queue = start({ concurrency: 2 });
    for (let index = 1; index <= 100; index += 1) queue.add(`loud/${index}`);
    for (const key of ['shop/a', 'other/a', 'shop/b', 'loud/1']) queue.add(key);
    await clock.advance(400);
    assert.deepEqual(
      done.map((each) => each.split('@')[0]),
      ['loud/1', 'shop/a', 'other/a', 'loud/2', 'shop/b', 'loud/3', 'loud/4', 'loud/5'],
    );
  });

  it('retries a failed key with growing delays, and forgets them on success', async () => {
    let failures = 3;
    const delays: number[] = [];
    const queue = start({
      work: async () => {
        if (failures-- > 0) throw new Error('not yet');
        done.push(`a@${clock.elapsed()}`);
      },
      onFailure: (_key, _error, _failures, delay) => delays.push(delay),
    });
    queue.add('a');
    await clock.advance(10_000);
    assert.deepEqual(delays, [375, 750, 1_500]);
    assert.deepEqual(done, ['a@2625']);
    failures = 1;
    queue.add('a');
    await clock.advance(10_000);
    assert.deepEqual(delays, [375, 750, 1_500, 375]);
  });

  it('never waits longer than the longest delay, also when the server asks for more', async () => {
    const delays: number[] = [];
    let retryAfterMs = 7_000;
    const queue = start({
      retry: { base: 100, max: 30_000 },
      work: async () => {
        throw new KubeError('busy', { status: 429, reason: 'TooManyRequests', retryAfterMs });
      },
      onFailure: (_key, _error, _failures, delay) => delays.push(delay),
    });
    queue.add('a');
    await clock.advance(0);
    retryAfterMs = 3_600_000;
    await clock.advance(8_000);
    assert.deepEqual(delays, [7_000, 30_000]);
  });

  it('waits for minutes with what the API server calls invalid, unless it is added again', async () => {
    let tries = 0;
    const queue = start({
      work: async () => {
        tries += 1;
        throw new KubeError('annotations: Too long', { status: 422, reason: 'Invalid' });
      },
    });
    queue.add('a');
    await clock.advance(120_000);
    assert.equal(tries, 1);
    queue.add('a');
    await clock.advance(0);
    assert.equal(tries, 2);
    await clock.advance(600_000);
    assert.ok(tries > 2, 'it was given up');
  });

  it('tries at once when a failed key is added again while it waits', async () => {
    let fail = true;
    const queue = start({
      retry: { base: 10_000, max: 10_000 },
      work: async (key) => {
        if (fail) throw new Error('no');
        done.push(`${key}@${clock.elapsed()}`);
      },
    });
    queue.add('a');
    await clock.advance(1_000);
    fail = false;
    queue.add('a');
    await clock.advance(20_000);
    assert.deepEqual(done, ['a@1000']);
  });

  it('does not run hot when the work that fails adds its own key', async () => {
    let tries = 0;
    const queue: WorkQueue = start({
      work: async (key) => {
        tries += 1;
        queue.add(key);
        throw new Error('no');
      },
    });
    queue.add('a');
    await clock.advance(10_000);
    assert.ok(tries > 2 && tries < 10, `${tries} tries`);
  });

  it('takes no more distinct keys than its bound', async () => {
    const queue = start({ maxKeys: 2, concurrency: 1 });
    assert.deepEqual(
      ['a', 'b', 'c', 'a', 'b'].map((key) => queue.add(key)),
      [true, true, false, true, true],
    );
    await clock.advance(1_000);
    assert.ok(queue.add('c'));
    await clock.advance(1_000);
    assert.deepEqual(done, ['a@100', 'b@200', 'c@1100']);
  });

  it('ends when what is worked on has ended, and takes nothing more', async () => {
    const queue = start({ concurrency: 1 });
    queue.add('a');
    queue.add('b');
    await clock.advance(50);
    let ended = false;
    void running.then(() => {
      ended = true;
    });
    stop.abort();
    await clock.advance(0);
    assert.equal(ended, false);
    assert.equal(queue.add('c'), false);
    await clock.advance(100);
    assert.equal(ended, true);
    assert.deepEqual(done, ['a@100']);
    assert.equal(queue.size, 0);
  });
});
