import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { encodeStatus } from '../../contract/status.ts';
import { CONFIG_MAPS, type ConfigMap } from '../../kubernetes/resources.ts';
import { FakeCluster, OPS, TestLeadership } from '../../test/support/fake-cluster.ts';
import { statusAt } from '../../test/support/status.ts';
import { FollowerWatch } from './follower-view.ts';

const STATUS_MAP = { namespace: OPS, name: 'status' };
const REPORT_MAP = { namespace: OPS, name: 'report' };
const STATUS = statusAt('us');

let kube: FakeCluster;
let leadership: TestLeadership;
let told: number;

beforeEach(() => {
  kube = new FakeCluster();
  leadership = new TestLeadership();
  told = 0;
});

function start(): FollowerWatch {
  const view = new FollowerWatch(kube.watchPorts, 'main', { status: STATUS_MAP, report: REPORT_MAP }, () => {
    told += 1;
  });
  void view.run(leadership.abort);
  return view;
}

function put(metadata: typeof STATUS_MAP, data: Readonly<Record<string, string>>): void {
  kube.create<ConfigMap>(CONFIG_MAPS, { metadata, data });
}

describe('the view of a follower', () => {
  test('is empty while nothing is published', async () => {
    const view = start();
    assert.equal(view.age(), Number.POSITIVE_INFINITY);
    await kube.clock.advance(1_000);
    assert.deepEqual(view.snapshot(), { name: 'main', status: undefined, report: {} });
    assert.ok(view.age() < 1_000);
    leadership.end();
  });

  test('shows what both ConfigMaps hold, and tells of each change', async () => {
    const view = start();
    await kube.clock.advance(1_000);
    put(STATUS_MAP, encodeStatus(STATUS));
    put(REPORT_MAP, { dns: '[{"name":"db"}]', history: '[]' });
    put({ namespace: OPS, name: 'foreign' }, { a: '1' });
    await kube.clock.advance(1_000);
    assert.deepEqual(view.snapshot(), {
      name: 'main',
      status: STATUS,
      report: { dns: [{ name: 'db' }], history: [] },
    });
    assert.equal(told, 2);
    kube.server.delete('test', CONFIG_MAPS, STATUS_MAP, {});
    await kube.clock.advance(1_000);
    assert.deepEqual([view.snapshot().status, told], [undefined, 3]);
    leadership.end();
  });

  test('bears whatever somebody has written into them', async () => {
    const key = fc.stringMatching(/^[-._a-zA-Z0-9]{1,12}$/);
    const data = fc.dictionary(
      key.filter((name) => name !== '__proto__'),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(data, data, async (status, report) => {
        kube = new FakeCluster();
        leadership = new TestLeadership();
        put(STATUS_MAP, status);
        put(REPORT_MAP, report);
        const view = start();
        await kube.clock.advance(1_000);
        const shown = view.snapshot();
        assert.equal(shown.status, undefined);
        assert.deepEqual(Object.keys(shown.report).sort(), Object.keys(report).sort());
        leadership.end();
        await kube.clock.advance(1_000);
      }),
      { numRuns: 30 },
    );
  });

  test('is as old as the older of its two halves', async () => {
    kube.judge = ({ key }) => (key.name.endsWith(REPORT_MAP.name) ? 'refused' : undefined);
    const view = start();
    await kube.clock.advance(5_000);
    assert.equal(view.age(), Number.POSITIVE_INFINITY);
    leadership.end();
  });

  test('grows old while the API server says nothing, and ends without a timer', async () => {
    const view = start();
    await kube.clock.advance(1_000);
    kube.judge = () => 'refused';
    await kube.clock.advance(15 * 60_000);
    assert.ok(view.age() > 60_000, `${view.age()} ms`);
    leadership.end();
    await kube.clock.advance(1_000);
    assert.equal(kube.process.pending, 0);
  });
});
