import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { aborted } from '../../runtime/clock.ts';
import { STANDBY_SIDE, viewOf } from '../../test/support/page-states.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import type { PeerAnswer } from './ask.ts';
import { Peers } from './peers.ts';

const LOST = { ok: false, problem: 'no answer' } as const;

async function start(t: TestContext, answer: (url: string) => PeerAnswer | Promise<PeerAnswer>) {
  const clock = new VirtualClock();
  const logged: string[] = [];
  const stop = new AbortController();
  const peers = new Peers(
    [
      { site: 'eu-west', url: 'http://west.test' },
      { site: 'asia', url: 'http://asia.test' },
    ],
    {
      ask: async (url, abort) => Promise.race([answer(url), aborted(abort).then(() => LOST)]),
      clock,
      log: pino({ level: 'info' }, { write: (line: string) => void logged.push(line) }),
    },
  );
  let news = 0;
  peers.onChange(() => {
    news += 1;
  });
  const running = peers.run(stop.signal);
  t.after(async () => {
    stop.abort();
    await running;
    assert.equal(clock.pending, 0, 'no timer is left');
  });
  await clock.advance(0);
  const shown = () => peers.beside(viewOf()).peers ?? [];
  return { clock, logged, shown, stop, running, news: () => news };
}

test('each is asked every ten seconds, and one that does not answer keeps none of the others waiting', async (t) => {
  const asked: string[] = [];
  const { clock, shown } = await start(t, (url) => {
    asked.push(url);
    return url.includes('asia')
      ? new Promise<PeerAnswer>(() => undefined)
      : { ok: true, sides: [STANDBY_SIDE] };
  });
  assert.deepEqual(asked, ['http://west.test', 'http://asia.test']);
  await clock.advance(20_000);
  assert.equal(asked.filter((url) => url.includes('west')).length, 3);
  const [west, asia] = shown();
  assert.deepEqual([west?.sides, west?.problem], [[STANDBY_SIDE], '']);
  assert.deepEqual([asia?.answeredAt, asia?.problem], [null, '']);
});

test('one that is lost keeps what it has said, with the time of that, and is reported once', async (t) => {
  let answer: PeerAnswer = { ok: true, sides: [STANDBY_SIDE] };
  const { clock, shown, logged } = await start(t, () => answer);
  const at = shown()[0]?.answeredAt;
  answer = LOST;
  await clock.advance(60_000);
  assert.deepEqual(shown()[0], {
    site: 'eu-west',
    answeredAt: at,
    problem: 'no answer',
    sides: [STANDBY_SIDE],
  });
  answer = { ok: true, sides: [{ ...STANDBY_SIDE, activeSite: 'eu-west' }] };
  await clock.advance(10_000);
  assert.equal(shown()[0]?.sides[0]?.activeSite, 'eu-west');
  assert.notEqual(shown()[0]?.answeredAt, at);
  const told = logged.map((line) => (JSON.parse(line) as { msg: string; peer: string }).msg);
  assert.deepEqual(told.toSorted(), [
    'peer answers again',
    'peer answers again',
    'peer cannot be shown',
    'peer cannot be shown',
  ]);
});

test('only what is new is news', async (t) => {
  let answer: PeerAnswer = { ok: true, sides: [STANDBY_SIDE] };
  const { clock, news } = await start(t, () => answer);
  assert.equal(news(), 2);
  await clock.advance(60_000);
  assert.equal(news(), 2);
  answer = { ok: true, sides: [{ ...STANDBY_SIDE, epoch: 5 }] };
  await clock.advance(10_000);
  assert.equal(news(), 4);
});

test('a defect shows, and ends nothing', async (t) => {
  const { clock, shown } = await start(t, () => {
    throw new Error('a defect');
  });
  assert.equal(shown()[0]?.problem, 'a defect');
  await clock.advance(10_000);
  assert.equal(shown()[0]?.problem, 'a defect');
});

test('without peers nothing is added', () => {
  const clock = new VirtualClock();
  const none = new Peers([], { ask: async () => LOST, clock, log: pino({ level: 'silent' }) });
  assert.equal('peers' in none.beside(viewOf()), false);
});
