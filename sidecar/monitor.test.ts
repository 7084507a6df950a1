import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { WhenStale } from '../contract/sidecar.ts';
import type { Clock } from '../runtime/clock.ts';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import type { Answer } from './answer.ts';
import { Monitor } from './monitor.ts';
import { REPLACE_AFTER_MS, type Reading } from './state.ts';
import { EAST_NODE, statusWith } from './testing/status.ts';

const api = (epoch = 7, activeSite = 'east'): Reading => ({
  source: 'api',
  uid: 'a',
  status: statusWith({ epoch, activeSite }),
});

function scene(whenStale: WhenStale = 'hold', wallClock = (clock: VirtualClock) => clock.now()) {
  const virtual = new VirtualClock();
  const clock: Clock = {
    now: () => wallClock(virtual),
    elapsed: () => virtual.elapsed(),
    after: (ms, task) => virtual.after(ms, task),
  };
  const told: Answer[] = [];
  const logged: (readonly [string, unknown])[] = [];
  const connection = { isUp: true, isDown: false };
  const monitor = new Monitor({
    nodeName: EAST_NODE,
    whenStale,
    staleAfterMs: 60_000,
    clock,
    log: (_level, msg, fields) => logged.push([msg, fields?.verdict]),
    connection,
    publish: (answer) => told.push(JSON.parse(answer) as Answer),
  });
  return { monitor, clock: virtual, told, logged, connection };
}

const short = ({ active, epoch, stale }: Answer) => [active, epoch, stale];

test('tells the answer at first and whenever it changes, and only then', () => {
  const { monitor, told } = scene();
  monitor.take(api(7));
  monitor.take(api(7));
  monitor.take(api(8, 'west'));
  monitor.take(api(7));
  assert.deepEqual(told.map(short), [
    [false, 0, true],
    [true, 7, false],
    [false, 8, false],
  ]);
});

describe('what only the mounted copy says', () => {
  const copy = (epoch: number, activeSite: string): Reading => ({
    source: 'file',
    uid: '',
    status: statusWith({ epoch, activeSite }),
  });
  const heard = ({ monitor }: ReturnType<typeof scene>) => {
    const { active, activeSite, epoch } = monitor.view().answer;
    return [active, activeSite, epoch];
  };

  test('makes nobody active while the API server is watched, and the one that was active a standby', () => {
    const scenes = scene();
    const { monitor } = scenes;
    monitor.take(api(7, 'west'));
    monitor.take(copy(999_999_999_990, 'east'));
    assert.deepEqual(heard(scenes), [false, 'east', 999_999_999_990]);
    monitor.take(api(999_999_999_990, 'east'));
    assert.deepEqual(heard(scenes), [true, 'east', 999_999_999_990]);
    monitor.take(copy(999_999_999_991, 'west'));
    assert.deepEqual(heard(scenes), [false, 'west', 999_999_999_991]);
  });

  test('counts when the API server is out of reach, until it is there again', () => {
    const scenes = scene();
    const { monitor, connection } = scenes;
    monitor.take(api(7, 'west'));
    monitor.take(copy(8, 'east'));
    Object.assign(connection, { isUp: false, isDown: true });
    monitor.tell();
    assert.deepEqual(heard(scenes), [true, 'east', 8]);
    Object.assign(connection, { isUp: true, isDown: false });
    monitor.tell();
    assert.deepEqual(heard(scenes), [false, 'east', 8]);
  });

  test('is not enough at the start either, before the API server was tried', () => {
    const scenes = scene();
    const { monitor, connection } = scenes;
    connection.isUp = false;
    monitor.take(copy(7, 'east'));
    assert.deepEqual(heard(scenes), [false, 'east', 7]);
    connection.isDown = true;
    monitor.tell();
    assert.deepEqual(heard(scenes), [true, 'east', 7]);
  });

  test('gives way to another site that the API server shows in the same epoch', async () => {
    const scenes = scene();
    const { monitor, clock } = scenes;
    monitor.take(copy(7, 'east'));
    monitor.take(api(7, 'west'));
    assert.equal(monitor.view().answer.active, false);
    await clock.advance(REPLACE_AFTER_MS + 1);
    assert.deepEqual(heard(scenes), [false, 'west', 7]);
    monitor.take(api(8, 'east'));
    assert.deepEqual(heard(scenes), [true, 'east', 8]);
  });
});

test('a node that is in no site any more stays where it was, until it is somewhere else', () => {
  const { monitor } = scene();
  const take = (epoch: number, activeSite: string, sites: Record<string, string[]>) => {
    monitor.take({ source: 'api', uid: 'a', status: statusWith({ epoch, activeSite, sites }) });
    const { active, site } = monitor.view().answer;
    return [active, site];
  };
  assert.deepEqual(take(7, 'east', { east: [EAST_NODE], west: [] }), [true, 'east']);
  assert.deepEqual(take(7, 'east', { east: [], west: [] }), [true, 'east']);
  assert.deepEqual(take(8, 'west', { east: [], west: [] }), [false, 'east']);
  assert.deepEqual(take(8, 'west', { east: [], west: [EAST_NODE] }), [true, 'west']);
});

describe('a new ConfigMap with a lower epoch', () => {
  const anew = (epoch: number, activeSite = 'east'): Reading => ({ ...api(epoch, activeSite), uid: 'b' });

  test('is followed after 30 seconds, without another word of the API server', async () => {
    const { monitor, clock } = scene();
    monitor.take(api(7));
    monitor.take(anew(1));
    await clock.advance(10_000);
    monitor.take(anew(2, 'west'));
    await clock.advance(19_000);
    assert.equal(monitor.view().answer.epoch, 7);
    await clock.advance(1_001);
    assert.deepEqual(short(monitor.view().answer), [false, 2, false]);
  });

  test('is not while the API server is not watched, nor when it has gone on above meanwhile', async () => {
    const { monitor, clock, connection } = scene();
    monitor.take(api(7));
    monitor.take(anew(1));
    connection.isUp = false;
    await clock.advance(40_000);
    assert.equal(monitor.view().answer.epoch, 7);
    const other = scene();
    other.monitor.take(api(7));
    other.monitor.take(anew(1));
    other.monitor.take(anew(8, 'west'));
    await other.clock.advance(40_000);
    assert.equal(other.monitor.view().answer.epoch, 8);
  });
});

describe('without confirmation', () => {
  for (const [whenStale, active] of [
    ['hold', true],
    ['standby', false],
  ] as const) {
    test(`${whenStale}: tells by itself that it is stale, and that it is no longer`, async () => {
      const { monitor, clock, told } = scene(whenStale);
      monitor.take(api());
      await clock.advance(50_000);
      monitor.take(api());
      await clock.advance(59_999);
      assert.deepEqual(short(monitor.view().answer), [true, 7, false]);
      await clock.advance(1);
      assert.deepEqual(short(monitor.view().answer), [active, 7, true]);
      await clock.advance(10);
      monitor.take(api());
      assert.deepEqual(told.slice(1).map(short), [
        [true, 7, false],
        [active, 7, true],
        [true, 7, false],
      ]);
    });
  }

  test('a clock that is set forth or back does not matter', async () => {
    for (const jump of [-3_600_000, 3_600_000]) {
      let offset = 0;
      const { monitor, clock, told } = scene('standby', (virtual) => virtual.now() + offset);
      monitor.take(api());
      offset = jump;
      await clock.advance(59_000);
      monitor.take(api());
      await clock.advance(59_000);
      assert.deepEqual(told.slice(1).map(short), [[true, 7, false]]);
    }
  });

  test('no timer is left when it is stopped', () => {
    const { monitor, clock } = scene();
    monitor.take(api());
    assert.equal(clock.pending, 1);
    monitor.stop();
    assert.equal(clock.pending, 0);
  });
});

test('counts what came of each reading, and logs what is unusual once', () => {
  const { monitor, logged } = scene();
  const malformed: Reading = { source: 'file', uid: '', status: undefined };
  for (const reading of [api(7), api(7, 'west'), api(7, 'west'), malformed, malformed, api(8)])
    monitor.take(reading);
  assert.deepEqual(
    [...monitor.counts],
    [
      ['api taken', 2],
      ['api conflict', 2],
      ['file malformed', 2],
    ],
  );
  const unusual = logged.filter(([msg]) => msg === 'unusual status');
  assert.deepEqual(
    unusual.map(([, verdict]) => verdict),
    ['conflict', 'malformed'],
  );
});
