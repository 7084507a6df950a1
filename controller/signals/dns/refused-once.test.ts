/** What a provider refuses for a moment, as if somebody had to change something, and takes a few seconds later. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DnsError } from '../../../dns/provider.ts';
import type { PublishedStatus } from '../signal.ts';
import { SignalWorker } from '../worker.ts';
import { EAST, WEST, World } from './testing/scene.ts';

const MINUTE = 60_000;

function forbidden(retryAfterMs = 2 * MINUTE): DnsError {
  return new DnsError('Authentication error (10000)', {
    kind: 'config',
    code: '10000',
    action: 'Check the token.',
    retryAfterMs,
  });
}

/** A worker of the signal, as the controller has it. */
function working(records?: string[]) {
  const world = new World(records);
  const { clock } = world;
  const worker = new SignalWorker(world.signal, { clock, random: () => 0.5, onProgress: () => undefined });
  void worker.run(world.leadership);
  const move = (site: PublishedStatus['site']) => {
    worker.publish({ follower: 'default', site, status: { epoch: 1 } } as PublishedStatus);
  };
  /** Seconds until `isDone`. */
  const secondsUntil = async (isDone: () => boolean) => {
    let seconds = 0;
    for (; !isDone() && seconds < 600; seconds += 1) await clock.advance(1_000);
    return seconds;
  };
  return { world, move, secondsUntil };
}

const APP = { name: 'app.example.com', at: '192.0.2.2' };

describe('one refusal that passes delays a move by seconds', () => {
  for (const call of ['read', 'apply']) {
    test(`of a ${call}`, async () => {
      const { world, move, secondsUntil } = working([APP.name]);
      move(EAST);
      await world.clock.advance(MINUTE);
      let left = 1;
      world.provider.before = (made) => {
        if (!made.startsWith(call)) return undefined;
        left -= 1;
        return left < 0 ? undefined : Promise.reject(forbidden());
      };
      move(WEST);
      const seconds = await secondsUntil(() => world.provider.writes.some((each) => each.includes(APP.at)));
      assert.ok(seconds >= 3 && seconds <= 9, `${seconds} s`);
      world.stop();
    });
  }

  test('of the list of zones, at the first move of a leader', async () => {
    const { world, move, secondsUntil } = working(['app.dev.example.com']);
    let left = 1;
    world.provider.beforeList = () => {
      left -= 1;
      return left < 0 ? undefined : Promise.reject(forbidden());
    };
    move(WEST);
    const seconds = await secondsUntil(() => world.provider.writes.length > 0);
    assert.ok(seconds >= 3 && seconds <= 9, `${seconds} s`);
    world.stop();
  });

  test('also where it is refused for half a minute', async () => {
    const { world, move, secondsUntil } = working([APP.name]);
    world.provider.before = () => (world.clock.elapsed() < 20_000 ? Promise.reject(forbidden()) : undefined);
    move(WEST);
    const seconds = await secondsUntil(() => world.provider.writes.length > 0);
    assert.ok(seconds <= 40, `${seconds} s`);
    world.stop();
  });
});

test('what stays refused is asked about seldom, and anew at the next move', async () => {
  const { world, move } = working([APP.name]);
  world.provider.before = () => Promise.reject(forbidden());
  move(EAST);
  await world.clock.advance(60 * MINUTE);
  const { length } = world.provider.calls;
  assert.ok(length >= 25 && length <= 35, `${length} calls in an hour`);
  move(WEST);
  await world.clock.advance(7_000);
  assert.equal(world.provider.calls.length, length + 2);
  world.stop();
});

test('a provider that says itself how long to wait is left alone for so long', async () => {
  const { world, move } = working([APP.name]);
  const told = forbidden(MINUTE).with({ leastWaitMs: MINUTE });
  world.provider.before = () => Promise.reject(told);
  move(EAST);
  await world.clock.advance(59_000);
  assert.equal(world.provider.calls.length, 1);
  await world.clock.advance(3_000);
  assert.equal(world.provider.calls.length, 2);
  world.stop();
});

test('the wait that the provider asks for is not followed by another one', async () => {
  const { world, move, secondsUntil } = working([APP.name]);
  const limited = new DnsError('slow down', { kind: 'rate', action: '', retryAfterMs: 100_000 });
  let left = 1;
  world.provider.before = () => {
    left -= 1;
    return left < 0 ? undefined : Promise.reject(limited);
  };
  move(WEST);
  const seconds = await secondsUntil(() => world.provider.writes.length > 0);
  assert.ok(seconds <= 102, `${seconds} s`);
  world.stop();
});
