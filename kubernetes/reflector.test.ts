import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { explain } from '../runtime/explain.ts';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { KubeError } from './errors.ts';
import { Reflector, type ReflectorOptions } from './reflector.ts';
import { NODES } from './resources.ts';
import { FakeApi, hang, node, page } from './testing/fake-api.ts';

const gone = () => new KubeError('too old', { status: 410, reason: 'Expired' });
const broken = (details = {}) =>
  new KubeError('broken', { status: 500, reason: 'InternalError', ...details });

describe('the reflector', () => {
  let clock: VirtualClock;
  let api: FakeApi;
  let stop: AbortController;
  let running: Promise<void>;
  let changes: string[];
  let problems: string[];
  let missed: number;

  beforeEach(() => {
    clock = new VirtualClock();
    api = new FakeApi();
    stop = new AbortController();
    changes = [];
    problems = [];
    missed = 0;
  });
  afterEach(async () => {
    stop.abort(new Error('the test ended'));
    await clock.advance(0);
    await running;
    assert.equal(clock.pending, 0, 'a timer is left behind');
  });

  type Options = Partial<ReflectorOptions<{ metadata: { name: string; resourceVersion?: string } }, string>>;

  function start(options: Options = {}) {
    const reflector = new Reflector<{ metadata: { name: string; resourceVersion?: string } }, string>({
      api,
      clock,
      random: () => 0.5,
      resource: NODES,
      transform: ({ metadata }) => `v${metadata.resourceVersion}`,
      onChange: (key, now, before) => changes.push(`${key}: ${before} -> ${now}`),
      onList: (list) => {
        missed += list.missed;
      },
      onProblem: (kind, error) => problems.push(`${kind}: ${explain(error)}`),
      ...options,
    });
    running = reflector.run(stop.signal);
    return reflector;
  }

  it('lists in pages, then watches from the version of the list', async () => {
    api.onList = ({ continue: next }) =>
      next === undefined ? page([node('a', '1')], '5', 'more') : page([node('b', '2')], '6');
    const reflector = start();
    await clock.advance(0);
    await reflector.synced;
    assert.deepEqual([...reflector.list()], ['v1', 'v2']);
    assert.equal(reflector.get('b'), 'v2');
    assert.deepEqual(changes, ['a: undefined -> v1', 'b: undefined -> v2']);
    assert.deepEqual(
      api.lists.map((options) => [options.limit, options.continue]),
      [
        [50, undefined],
        [50, 'more'],
      ],
    );
    const { resourceVersion, timeoutSeconds } = api.lastWatch.options;
    assert.equal(resourceVersion, '6');
    assert.equal(timeoutSeconds, 360);
  });

  it('tells of every change once', async () => {
    api.onList = () => page([node('a', '1')], '5');
    const reflector = start();
    await clock.advance(0);
    changes.length = 0;
    api.lastWatch.send('ADDED', node('b', '6'));
    api.lastWatch.send('MODIFIED', node('a', '7'));
    api.lastWatch.send('MODIFIED', node('a', '7'));
    api.lastWatch.send('DELETED', node('b', '8'));
    api.lastWatch.send('DELETED', node('b', '8'));
    await clock.advance(0);
    assert.deepEqual(changes, ['b: undefined -> v6', 'a: v1 -> v7', 'b: v6 -> undefined']);
    assert.equal(reflector.size, 1);
  });

  it('watches on from the last event or bookmark when the server ends a watch, without delay', async () => {
    start();
    await clock.advance(0);
    api.lastWatch.send('ADDED', node('a', '7'));
    await clock.advance(40_000);
    api.lastWatch.send('BOOKMARK', node('', '9'));
    await clock.advance(0);
    api.lastWatch.end();
    await clock.advance(0);
    assert.equal(api.watches.length, 2);
    assert.equal(api.lastWatch.options.resourceVersion, '9');
    assert.deepEqual(problems, []);
  });

  it('knows how long it has heard nothing', async () => {
    const reflector = start();
    assert.equal(reflector.lastContact(), Number.POSITIVE_INFINITY);
    await clock.advance(30_000);
    assert.equal(reflector.lastContact(), 30_000);
    api.lastWatch.send('BOOKMARK', node('', '9'));
    await clock.advance(1_000);
    assert.equal(reflector.lastContact(), 1_000);
  });

  it('replaces a watch that went silent', async () => {
    start();
    await clock.advance(99_000);
    assert.equal(api.watches.length, 1);
    await clock.advance(2_000);
    assert.equal(api.watches.length, 2);
    assert.deepEqual(problems, ['silent: the watch brought nothing for 100 s']);
    assert.equal(api.watches[0]?.isOpen, false);
  });

  it('lists again after a silence, as the server may not have that version any more', async () => {
    api.onList = () => page([node('a', '40')], '50');
    const reflector = start();
    await clock.advance(99_000);
    api.onList = () => page([node('a', '30')], '35');
    await clock.advance(2_000);
    assert.equal(reflector.get('a'), 'v30');
    assert.equal(api.lastWatch.options.resourceVersion, '35');
  });

  it('lists again when the server has no such version yet, or fails every watch from it', async () => {
    const tooLarge = new KubeError('Too large resource version', {
      status: 504,
      reason: 'ResourceVersionTooLarge',
    });
    for (const [error, watches] of [
      [tooLarge, 1],
      [broken(), 2],
    ] as const) {
      api.onWatch = (watch) => watch.fail(error);
      const [lists, before, began] = [api.lists.length, api.watches.length, clock.now()];
      if (lists === 0) start();
      else api.lastWatch.fail(error);
      while (api.lists.length <= lists + 1) await clock.advance(100);
      assert.ok(api.watches.length - before >= watches);
      assert.ok(clock.now() - began < 60_000, 'not only when a list is due anyway');
      api.onWatch = () => undefined;
      await clock.advance(60_000);
    }
  });

  it('takes a list for the truth whatever its version, tells all of it again, and first that it does so', async () => {
    api.onList = () => page([node('a', '40'), node('b', '30'), node('c', '45')], '50');
    start({ onRestored: () => changes.push('restored') });
    await clock.advance(60_000);
    changes.length = 0;
    api.onList = () => page([node('a', '20'), node('b', '30')], '35');
    api.lastWatch.fail(gone());
    await clock.advance(1_000);
    assert.deepEqual(changes, ['restored', 'a: v40 -> v20', 'b: v30 -> v30', 'c: v45 -> undefined']);
    assert.equal(missed, 0);
    changes.length = 0;
    api.lastWatch.fail(gone());
    await clock.advance(31_000);
    assert.deepEqual(changes, []);
  });

  it('knows by an object of a lower version that etcd was restored, however far it has come since', async () => {
    api.onList = () => page([node('a', '40'), node('b', '30')], '50');
    start({ onRestored: () => changes.push('restored') });
    await clock.advance(60_000);
    changes.length = 0;
    api.onList = () => page([node('a', '20'), node('b', '30')], '90');
    api.lastWatch.fail(gone());
    await clock.advance(1_000);
    assert.deepEqual(changes, ['restored', 'a: v40 -> v20', 'b: v30 -> v30']);
  });

  it('goes on from no version of before etcd was restored, also when it heard of that between two watches', async () => {
    api.onList = () => page([node('a', '40')], '50');
    const told = Object.assign(api, { restored: new AbortController().signal });
    start({ onRestored: () => changes.push('restored') });
    await clock.advance(60_000);
    changes.length = 0;
    told.restored = new AbortController().signal;
    api.lastWatch.fail(new Error('cut'));
    await clock.advance(1_000);
    assert.deepEqual(changes, ['restored', 'a: v40 -> v40']);
    assert.equal(api.lists.length, 2);
  });

  it('tells all again also where a list was due anyway, or where that list was the first to see it', async () => {
    const told = Object.assign(api, { restored: new AbortController().signal });
    const list = () => page([node('a', '40')], '50');
    api.onList = list;
    start({ onRestored: () => changes.push('restored') });
    await clock.advance(60_000);
    changes.length = 0;
    const failing = new KubeError('the answer is from before', { status: 0, reason: 'NoAnswer' });
    api.onList = () => {
      told.restored = new AbortController().signal;
      api.onList = list;
      throw failing;
    };
    api.lastWatch.fail(gone());
    await clock.advance(10_000);
    assert.deepEqual(changes, ['restored', 'a: v40 -> v40']);
    changes.length = 0;
    api.onList = () => {
      told.restored = new AbortController().signal;
      return list();
    };
    api.lastWatch.fail(gone());
    await clock.advance(10_000);
    assert.deepEqual(changes, ['restored', 'a: v40 -> v40']);
  });

  for (const form of ['an ERROR event', 'an HTTP status'] as const) {
    it(`lists again when the version is gone, told by ${form}`, async () => {
      api.onList = () => page([node('a', '1'), node('b', '2')], '5');
      start();
      await clock.advance(60_000);
      api.onList = () => page([node('b', '8')], '9');
      if (form === 'an HTTP status') api.onWatch = (watch) => api.watches.length === 2 && watch.fail(gone());
      api.lastWatch.fail(form === 'an ERROR event' ? gone() : new Error('cut'));
      await clock.advance(1_000);
      assert.equal(api.lists.length, 2);
      assert.deepEqual(changes.slice(2), ['b: v2 -> v8', 'a: v1 -> undefined']);
      assert.equal(api.lastWatch.options.resourceVersion, '9');
      assert.equal(missed, 0);
    });
  }

  it('starts a list over when its pages expire', async () => {
    let expire = true;
    api.onList = ({ continue: next }) => {
      if (next === undefined) return page([node('a', '1')], '5', 'more');
      if (!expire) return page([node('b', '2')], '6');
      expire = false;
      throw gone();
    };
    const reflector = start();
    await clock.advance(2_000);
    assert.deepEqual([...reflector.list()], ['v1', 'v2']);
    assert.deepEqual(changes.length, 2);
    assert.deepEqual(problems, ['expired: too old']);
  });

  const storms: Record<string, (api: FakeApi) => void> = {
    'the server ends each watch at once': (scripted) => {
      scripted.onWatch = (watch) => watch.end();
    },
    'each watch is expired at once': (scripted) => {
      scripted.onWatch = (watch) => watch.fail(gone());
    },
    'each watch fails': (scripted) => {
      scripted.onWatch = (watch) => watch.fail(broken());
    },
    'each list fails': (scripted) => {
      scripted.onList = () => Promise.reject(broken());
    },
    'each list is expired': (scripted) => {
      scripted.onList = () => Promise.reject(gone());
    },
    'each watch sends one event and ends': (scripted) => {
      scripted.onWatch = (watch) => {
        watch.send('MODIFIED', node('a', String(scripted.watches.length + 10)));
        watch.end();
      };
    },
  };

  for (const [name, storm] of Object.entries(storms)) {
    it(`neither runs hot nor dies when ${name}, and recovers`, async () => {
      storm(api);
      const reflector = start();
      await clock.advance(10 * 60_000);
      const calls = api.lists.length + api.watches.length;
      assert.ok(calls >= 20 && calls <= 70, `${calls} calls in ten minutes`);
      assert.ok(problems.length > 0);
      api.onList = () => page([node('z', '99')], '100');
      api.onWatch = (watch) => watch.send('ADDED', node('y', '101'));
      await clock.advance(60_000);
      assert.equal(reflector.get('y'), 'v101');
    });
  }

  it('goes on when a list hangs until its time limit', async () => {
    api.onList = (options) => {
      assert.equal(options.timeoutMs, 15_000);
      return hang(options);
    };
    start();
    await clock.advance(1_000);
    assert.equal(api.lists.length, 1);
  });

  it('waits as long as the server asks, within reason', async () => {
    api.onList = () => Promise.reject(broken({ retryAfterMs: 20_000 }));
    start();
    await clock.advance(19_000);
    assert.equal(api.lists.length, 1);
    await clock.advance(2_000);
    assert.equal(api.lists.length, 2);
    api.onList = () => Promise.reject(broken({ retryAfterMs: 3_600_000 }));
    await clock.advance(120_000);
    assert.ok(api.lists.length >= 4);
  });

  it('lists again from time to time, and counts what the watch missed', async () => {
    api.onList = () => page([node('a', '1'), node('b', '2')], '10');
    const reflector = start();
    for (let minute = 0; minute < 7; minute += 1) {
      await clock.advance(60_000);
      api.lastWatch.send('BOOKMARK', node('', String(20 + minute)));
    }
    // b was deleted, c and d created, all by version 26, which the watch had reached without a word of them.
    api.onList = () => page([node('a', '1'), node('c', '12'), node('d', '26')], '26');
    assert.equal(api.lists.length, 1);
    await clock.advance(60_000);
    assert.equal(api.lists.length, 2);
    assert.equal(missed, 3);
    assert.deepEqual([...reflector.list()], ['v1', 'v12', 'v26']);
    assert.deepEqual(problems, []);
  });

  it('counts nothing as missed that only the list can have told', async () => {
    api.onList = () => page([node('a', '1'), node('b', '2')], '10');
    start();
    await clock.advance(90_000);
    api.lastWatch.send('BOOKMARK', node('', '15'));
    await clock.advance(90_000);
    api.lastWatch.send('BOOKMARK', node('', '16'));
    await clock.advance(90_000);
    api.onList = () => page([node('a', '17')], '18');
    await clock.advance(8 * 60_000);
    assert.ok(api.lists.length >= 2);
    assert.equal(missed, 0);
  });

  it('keeps watching when the list of the dead-man switch fails', async () => {
    start();
    await clock.advance(0);
    api.onList = () => Promise.reject(broken());
    for (let minute = 0; minute < 12; minute += 1) {
      await clock.advance(60_000);
      api.lastWatch.send('BOOKMARK', node('', String(20 + minute)));
    }
    await clock.advance(5_000);
    api.lastWatch.send('ADDED', node('z', '50'));
    await clock.advance(0);
    assert.ok(api.lists.length > 2);
    assert.equal(changes.at(-1), 'z: undefined -> v50');
  });

  it('survives a handler that throws, and keeps the last good value when keep throws', async () => {
    api.onList = () => page([node('a', '1')], '5');
    const reflector = start({
      transform: ({ metadata }) => {
        if (metadata.resourceVersion === '7') throw new Error('unreadable');
        return `v${metadata.resourceVersion}`;
      },
      onChange: () => {
        throw new Error('bad handler');
      },
    });
    await clock.advance(0);
    api.lastWatch.send('MODIFIED', node('a', '7'));
    await clock.advance(0);
    assert.equal(reflector.get('a'), 'v1');
    api.lastWatch.send('MODIFIED', node('a', '8'));
    await clock.advance(0);
    assert.equal(reflector.get('a'), 'v8');
    assert.deepEqual(problems, ['handler: bad handler', 'handler: unreadable', 'handler: bad handler']);
  });

  for (const when of ['a list', 'a watch', 'a back-off'] as const) {
    it(`stops at once during ${when}, silently`, async () => {
      if (when === 'a list') api.onList = hang;
      if (when === 'a back-off') api.onList = () => Promise.reject(broken());
      start();
      await clock.advance(100);
      problems.length = 0;
      stop.abort(new Error('stopped'));
      await clock.advance(0);
      await running;
      const calls = api.lists.length + api.watches.length;
      await clock.advance(60_000);
      assert.equal(api.lists.length + api.watches.length, calls);
      assert.deepEqual(problems, []);
    });
  }
});
