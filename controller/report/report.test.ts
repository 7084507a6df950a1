import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { HISTORY_LIMIT, type Transition } from '../../contract/history.ts';
import { CONFIG_MAPS, type ConfigMap } from '../../kubernetes/resources.ts';
import { FakeCluster, OPS, script, TestLeadership } from '../../test/support/fake-cluster.ts';
import { DeposedError, FencedConfigMap } from '../status/fenced-config-map.ts';
import { Report } from './report.ts';

const KEY = { namespace: OPS, name: 'report' };

let kube: FakeCluster;
let leadership: TestLeadership;
let problems: unknown[];
let report: Report;

beforeEach(async () => {
  kube = new FakeCluster();
  leadership = new TestLeadership();
  problems = [];
  report = await loaded();
});

async function loaded(): Promise<Report> {
  const map = new FencedConfigMap(kube.api, KEY, 'report', 'default');
  const made = new Report(map, kube.process, (error) => problems.push(error));
  await settled(made.load(leadership));
  return made;
}

const settled = <T>(work: Promise<T>) => kube.clock.settled(work, 30_000);

const save = () => settled(report.save(leadership));
const data = () => kube.server.find<ConfigMap>(CONFIG_MAPS, KEY)?.data;
const writes = () => kube.count('create configmaps') + kube.count('replace configmaps');
const transition = (epoch: number): Transition => ({
  epoch,
  from: 'us',
  to: 'eu',
  node: 'eu-1',
  primary: 'pg-2',
  movedAt: '',
  writtenAt: '2026-01-01T00:00:00Z',
});

describe('a report', () => {
  test('is empty at first, and not written while nothing is in it', async () => {
    const running = report.run(leadership);
    await kube.clock.advance(60_000);
    assert.deepEqual([report.get('dns'), report.history, writes()], [undefined, [], 0]);
    leadership.end();
    await running;
    assert.equal(kube.process.pending, 0);
  });

  test('is written soon after it was changed, at most once a second', async () => {
    const running = report.run(leadership);
    report.set('dns', { step: 0 });
    await kube.clock.advance(50);
    assert.deepEqual([data(), writes()], [{ dns: '{"step":0}' }, 1]);
    await kube.clock.advance(2_000);
    report.set('dns', { step: 1 });
    await kube.clock.advance(50);
    report.set('other', 1);
    assert.equal(writes(), 1);
    await kube.clock.advance(100);
    assert.deepEqual([data(), writes()], [{ dns: '{"step":1}', other: '1' }, 2]);
    for (let step = 1; step <= 50; step += 1) {
      report.set('dns', { step });
      await kube.clock.advance(100);
    }
    assert.ok(writes() <= 8, `${writes()} writes in five seconds`);
    await kube.clock.advance(1_000);
    assert.deepEqual(data(), { dns: '{"step":50}', other: '1' });
    leadership.end();
    await running;
  });

  test('is not written when the same is said again', async () => {
    const running = report.run(leadership);
    report.set('dns', [1]);
    await kube.clock.advance(2_000);
    report.set('dns', [1]);
    await kube.clock.advance(60_000);
    assert.equal(writes(), 1);
    leadership.end();
    await running;
  });

  test('gives the next leader what the last one knew', async () => {
    report.set('dns', { a: [1, null] });
    report.addTransition(transition(7));
    await save();
    const next = await loaded();
    assert.deepEqual([next.get('dns'), next.history], [{ a: [1, null] }, [transition(7)]]);
  });

  test(`keeps the last ${HISTORY_LIMIT} transitions`, async () => {
    for (let epoch = 1; epoch <= HISTORY_LIMIT + 5; epoch += 1) report.addTransition(transition(epoch));
    assert.equal(report.history.length, HISTORY_LIMIT);
    assert.deepEqual([report.history[0]?.epoch, report.history.at(-1)?.epoch], [6, HISTORY_LIMIT + 5]);
  });

  test('leaves out a section that is too large, and keeps the others for the next leader', async () => {
    report.set('dns', 'é'.repeat(1_000_000));
    report.set('ledger', ['told']);
    report.addTransition(transition(7));
    await save();
    await save();
    const bytes = Buffer.byteLength(Object.values(data() ?? {}).join(''));
    assert.ok(bytes < 1_000_000, `${bytes} bytes`);
    assert.match(problems.join(), /^Error: too large for a ConfigMap, so the report has no dns: /);
    const next = await loaded();
    assert.deepEqual([next.history, next.get('ledger'), next.get('dns')], [[transition(7)], ['told'], null]);
    report.set('dns', 1);
    await save();
    assert.equal(data()?.dns, '1');
  });

  test('bears whatever somebody has written into it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.string(), async (history, dns) => {
        kube = new FakeCluster();
        kube.create<ConfigMap>(CONFIG_MAPS, { metadata: KEY, data: { history, dns, theirs: 'text' } });
        report = await loaded();
        report.get('dns');
        report.addTransition(transition(9));
        assert.equal(report.history.at(-1)?.epoch, 9);
        await save();
        assert.deepEqual([data()?.dns, data()?.theirs], [dns, 'text']);
      }),
      { numRuns: 40 },
    );
  });

  test('whose text is not JSON has no such section', async () => {
    kube.create<ConfigMap>(CONFIG_MAPS, { metadata: KEY, data: { dns: '{"a":', history: 'x' } });
    report = await loaded();
    assert.deepEqual([report.get('dns'), report.history], [undefined, []]);
  });
});

describe('a report is stored', () => {
  test('when save resolves, and not before', async () => {
    report.set('done', true);
    let resolved = false;
    const saving = report.save(leadership).then(() => {
      resolved = true;
    });
    assert.deepEqual([resolved, data()], [false, undefined]);
    await settled(saving);
    assert.deepEqual(data(), { done: 'true' });
  });

  for (const [name, meddle] of [
    ['deleted', () => kube.server.delete('test', CONFIG_MAPS, KEY, {})],
    ['edited', () => kube.change(CONFIG_MAPS, { metadata: KEY, data: { done: 'no', theirs: '1' } })],
  ] as const) {
    test(`over one that was ${name} since it was read`, async () => {
      report.set('done', 1);
      await save();
      meddle();
      report.set('done', 2);
      await save();
      assert.equal(data()?.done, '2');
    });
  }

  test('over one that somebody else has created meanwhile', async () => {
    kube.create<ConfigMap>(CONFIG_MAPS, { metadata: KEY, data: { theirs: '1' } });
    report.set('done', true);
    await save();
    assert.deepEqual(data(), { theirs: '1', done: 'true' });
  });

  test('also when two are saved at once', async () => {
    report.set('first', 1);
    const first = report.save(leadership);
    report.set('second', 2);
    const second = report.save(leadership);
    report.set('third', 3);
    await settled(Promise.all([first, second, report.save(leadership)]));
    assert.deepEqual(data(), { first: '1', second: '2', third: '3' });
  });

  test('when many are saved at once: by few writes, and none is given up', async () => {
    const sections = Array.from({ length: 20 }, (_, index) => `zone-${index}`);
    await settled(
      Promise.all(
        sections.map((section) => {
          report.set(section, 1);
          return report.save(leadership);
        }),
      ),
    );
    assert.deepEqual(Object.keys(data() ?? {}).toSorted(), sections.toSorted());
    assert.ok(writes() <= 2, `${writes()} writes`);
  });

  test('or save rejects: conflicts without end are given up', async () => {
    kube.judge = ({ verb }) => (verb === 'replace' ? 'conflict' : undefined);
    report.set('done', 1);
    await save();
    report.set('done', 2);
    await assert.rejects(save(), /modified/);
    assert.ok(writes() <= 5, `${writes()} writes`);
  });

  test('or save rejects: a failing server is not asked twice', async () => {
    kube.judge = () => 'server error';
    report.set('done', 1);
    await assert.rejects(save(), /the server answers/);
    assert.equal(writes(), 1);
  });

  test('by one that leads alone', async () => {
    report.set('done', 1);
    leadership.held = false;
    await assert.rejects(save(), DeposedError);
    assert.equal(writes(), 0);
  });
});

describe('the writing of a report in the background', () => {
  test('is repeated after a failure, with the newest', async () => {
    kube.judge = script('create', 'configmaps', ['server error', 'request lost']);
    const running = report.run(leadership);
    report.set('dns', 1);
    await kube.clock.advance(2_000);
    report.set('dns', 2);
    await kube.clock.advance(30_000);
    assert.deepEqual(data(), { dns: '2' });
    assert.equal(problems.length, 2);
    leadership.end();
    await running;
  });

  test('does not take what was stored without an answer for a failure of others', async () => {
    kube.judge = script('create', 'configmaps', ['answer lost']);
    const running = report.run(leadership);
    report.set('dns', 1);
    await kube.clock.advance(30_000);
    assert.deepEqual([data(), problems.length], [{ dns: '1' }, 1]);
    leadership.end();
    await running;
  });

  test('does not lose what is set while a write is under way', async () => {
    const running = report.run(leadership);
    kube.judge = ({ verb }) => {
      if (verb === 'create') report.set('dns', 2);
      return undefined;
    };
    report.set('dns', 1);
    await kube.clock.advance(3_000);
    assert.deepEqual(data(), { dns: '2' });
    leadership.end();
    await running;
  });

  for (const [name, meddle] of [
    ['deleted', () => kube.server.delete('test', CONFIG_MAPS, KEY, {})],
    ['edited', () => kube.change(CONFIG_MAPS, { metadata: KEY, data: { done: 'no' } })],
  ] as const) {
    test(`restores within two minutes what was ${name}, so that the next leader knows it`, async () => {
      const running = report.run(leadership);
      report.set('done', true);
      await kube.clock.advance(10_000);
      meddle();
      await kube.clock.advance(120_000);
      assert.deepEqual(data(), { done: 'true' });
      assert.equal(writes(), 2);
      leadership.end();
      await running;
    });
  }

  test('ends with the leadership, in the middle of a write, without a complaint', async () => {
    kube.judge = () => 'answer lost';
    const running = report.run(leadership);
    report.set('dns', 1);
    await kube.clock.advance(20);
    leadership.end();
    await running;
    assert.deepEqual(problems, []);
    assert.equal(kube.process.pending, 0);
  });
});
