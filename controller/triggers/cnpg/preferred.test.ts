import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { CLUSTERS, type Cluster } from '../../../cnpg/cluster.ts';
import { KubeError } from '../../../kubernetes/errors.ts';
import { CONFIG_MAPS, type ConfigMap, NODES, PODS, type Pod } from '../../../kubernetes/resources.ts';
import type { Clock } from '../../../runtime/clock.ts';
import { FakeCluster, OPS, script, TestLeadership } from '../../../test/support/fake-cluster.ts';
import type { EventNote } from '../../events/event-rules.ts';
import { createMetrics } from '../../metrics.ts';
import { Report } from '../../report/report.ts';
import { FencedConfigMap } from '../../status/fenced-config-map.ts';
import { createPreferredPrimary, type PreferredPrimary, type PreferredRecord } from './preferred.ts';
import type { CnpgConfig } from './settings.ts';

const PG = { namespace: 'pg', name: 'pg-cluster' };
const REPORT = { namespace: OPS, name: 'report' };
const DEADLINE_MS = 10 * 60_000;
const HEALTHY = {
  currentPrimary: 'pg-1',
  targetPrimary: 'pg-1',
  phase: 'Cluster in healthy state',
  readyInstances: 2,
  timelineID: 4,
  instancesStatus: { healthy: ['pg-1', 'pg-2'] },
  instancesReportedState: { 'pg-2': { timeLineID: 4 } },
};
const READY = [{ type: 'Ready', status: 'True' }];

let kube: FakeCluster;
let leadership: TestLeadership;
let events: EventNote[];
let config: CnpgConfig;

beforeEach(() => {
  kube = new FakeCluster([OPS, PG.namespace]);
  leadership = new TestLeadership();
  events = [];
  config = {
    kind: 'cnpg',
    namespace: PG.namespace,
    clusterName: PG.name,
    preferredPrimaryNode: 'home-1',
  };
  for (const name of ['home-1', 'away-1']) {
    kube.create(NODES, { metadata: { name }, status: { conditions: READY } });
  }
  createCluster();
});

function createCluster(): void {
  const { metadata } = kube.create<Cluster>(CLUSTERS, {
    metadata: PG,
    spec: { instances: 2 },
    status: HEALTHY,
  });
  createPod('pg-1', 'away-1', 'primary', metadata.uid);
  createPod('pg-2', 'home-1', 'replica', metadata.uid);
}

function createPod(name: string, nodeName: string, role: string, uid = ''): void {
  const labels = {
    'cnpg.io/cluster': PG.name,
    'cnpg.io/podRole': 'instance',
    'cnpg.io/instanceRole': role,
  };
  const owner = { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', name: PG.name, uid };
  const metadata = { namespace: PG.namespace, name, labels, ownerReferences: [owner] };
  kube.create<Pod>(PODS, { metadata, spec: { nodeName }, status: { conditions: READY } });
}

function setStatus(status: Cluster['status']): void {
  kube.change(CLUSTERS, { metadata: PG, status });
}

/** One replica's process, from its start. */
async function replica(restartedAt = '', clock: Clock = kube.process): Promise<PreferredPrimary> {
  const report = new Report(new FencedConfigMap(kube.api, REPORT, 'report', 'default'), kube.process, () =>
    assert.fail('the report is written by the steps alone'),
  );
  await settled(report.load(leadership));
  const ports = { api: kube.api, clock, follower: 'default', restartedAt, report };
  const preferred = createPreferredPrimary(config, {
    ...ports,
    events: (event) => events.push(event),
    metrics: createMetrics('test'),
  });
  assert.ok(preferred !== undefined);
  return preferred;
}

/** Lets virtual time pass until the work has ended, as all of it must within half a minute. */
const settled = <T>(work: Promise<T>) => kube.clock.settled(work, 30_000);

const step = (preferred: PreferredPrimary) => settled(preferred.step(leadership));
const patches = () => kube.count('patch clusters');
const reasons = () => events.map(({ reason }) => reason.replace('PreferredPrimary', ''));
const target = () => kube.server.get(CLUSTERS, PG).status?.targetPrimary;

function stored(): PreferredRecord | undefined {
  const text = kube.server.find<ConfigMap>(CONFIG_MAPS, REPORT)?.data?.['preferred-primary'];
  return text === undefined ? undefined : (JSON.parse(text) as PreferredRecord);
}

describe('the preferred primary', () => {
  test('asks for a new look, once a minute, when all that is in the way may be an old report', async () => {
    const reason = () => kube.server.get(CLUSTERS, PG).status?.phaseReason ?? '';
    setStatus({ instancesReportedState: { 'pg-2': { timeLineID: 3 } } });
    const preferred = await replica();
    await step(preferred);
    assert.match(stored()?.detail ?? '', /pg-2 is on timeline 3, the Cluster on 4/);
    assert.match(reason(), /^Looking at the instances again, asked by kube-site-follower/);
    await step(preferred);
    assert.deepEqual([patches(), target()], [1, 'pg-1']);
    await kube.clock.advance(60_000);
    await step(preferred);
    assert.equal(patches(), 2);

    setStatus({ instancesReportedState: { 'pg-2': { timeLineID: 4 } } });
    await step(preferred);
    assert.deepEqual([patches(), target()], [3, 'pg-2']);
  });

  test('asks for no new look when something else is in the way as well', async () => {
    setStatus({ readyInstances: 1, instancesReportedState: { 'pg-2': { timeLineID: 3 } } });
    await step(await replica());
    assert.equal(patches(), 0);
  });

  test('is asked for once, and reported when it is reached', async () => {
    const preferred = await replica();
    await step(preferred);
    assert.deepEqual([target(), stored()?.outcome, stored()?.target], ['pg-2', 'Moving', 'pg-2']);
    const { status } = kube.server.get(CLUSTERS, PG);
    assert.equal(status?.phase, 'Switchover in progress');
    await step(preferred);
    setStatus({ currentPrimary: 'pg-2' });
    await step(preferred);
    await step(preferred);
    assert.equal(patches(), 1);
    assert.equal(stored()?.outcome, 'Moved');
    assert.deepEqual(reasons(), ['Requested', 'Reached']);
  });

  test('is dated with microseconds, as the operator does', async () => {
    await step(await replica());
    const { status } = kube.server.get(CLUSTERS, PG) as { status?: Record<string, unknown> };
    assert.match(String(status?.targetPrimaryTimestamp), /^2026-01-01T00:\d\d:\d\d\.\d{6}Z$/);
  });

  for (const owner of ['the same', 'another'] as const) {
    test(`is not kept from its node by a pod that is labelled as an instance, of ${owner} Cluster`, async () => {
      const { uid } = kube.server.get(CLUSTERS, PG).metadata;
      createPod('a-stranger', 'home-1', 'replica', owner === 'the same' ? uid : 'another');
      await step(await replica());
      assert.deepEqual([target(), stored()?.outcome], ['pg-2', 'Moving']);
    });
  }

  test('has nothing to do where it runs there already', async () => {
    config = { ...config, preferredPrimaryNode: 'away-1' };
    const preferred = await replica();
    await step(preferred);
    await step(preferred);
    assert.deepEqual([patches(), stored()?.outcome, reasons()], [0, 'AlreadyThere', ['Reached']]);
  });

  test('does not take a pod that an earlier Cluster has left there for the primary', async () => {
    createPod('pg-3', 'home-1', 'primary', 'uid-of-an-earlier-one');
    setStatus({ currentPrimary: 'pg-3', targetPrimary: 'pg-3' });
    await step(await replica());
    assert.notEqual(stored()?.outcome, 'AlreadyThere');
  });

  test('waits for what is in the way, says it once, and goes on by itself', async () => {
    setStatus({ phase: 'Creating a new replica', readyInstances: 1 });
    const preferred = await replica();
    await step(preferred);
    await step(preferred);
    assert.deepEqual([patches(), stored()?.outcome, reasons()], [0, 'Waiting', ['Waiting']]);
    assert.match(events[0]?.note ?? '', /Creating a new replica.*1 of 2 instances/);
    setStatus(HEALTHY);
    await step(preferred);
    assert.deepEqual([patches(), stored()?.outcome], [1, 'Moving']);
  });

  test('waits for a running backup of this Cluster, not for those of others', async () => {
    const backups = { group: 'postgresql.cnpg.io', version: 'v1', plural: 'backups', kind: 'Backup' };
    const resource = { ...backups, namespaced: true };
    const backup = (name: string, phase: string, cluster = PG.name) => {
      const metadata = { namespace: PG.namespace, name };
      const object = { metadata, spec: { cluster: { name: cluster } }, status: { phase } };
      kube.create(resource, object);
    };
    backup('old', 'completed');
    backup('other', 'running', 'another');
    backup('now', 'running');
    const preferred = await replica();
    await step(preferred);
    assert.match(stored()?.detail ?? '', /Backup now is running$/);
    kube.server.delete('test', resource, { namespace: PG.namespace, name: 'now' }, {});
    await step(preferred);
    assert.equal(stored()?.outcome, 'Moving');
  });

  test('is not configured: nothing is made', () => {
    const report = { get: () => undefined, set: () => undefined, save: () => Promise.resolve() };
    const ports = { api: kube.api, clock: kube.process, follower: 'default', restartedAt: '', report };
    const unwanted = { ...config, preferredPrimaryNode: undefined };
    const sinks = { events: () => undefined, metrics: createMetrics('test') };
    assert.equal(createPreferredPrimary(unwanted, { ...ports, ...sinks }), undefined);
  });
});

describe('the preferred primary is moved once', () => {
  /** Until it was moved, and a human has moved it back. */
  async function movedBack(restartedAt = ''): Promise<void> {
    const preferred = await replica(restartedAt);
    await step(preferred);
    setStatus({ currentPrimary: 'pg-2' });
    await step(preferred);
    setStatus(HEALTHY);
    assert.equal(stored()?.outcome, 'Moved');
  }

  test('whatever happens to it later, also after a crash of the controller', async () => {
    await movedBack();
    await step(await replica());
    assert.equal(patches(), 1);
  });

  function recreateCluster(): void {
    for (const name of ['pg-1', 'pg-2']) kube.server.delete('test', PODS, { ...PG, name }, {});
    kube.server.delete('test', CLUSTERS, PG, {});
    createCluster();
  }

  test('for each incarnation of the Cluster', async () => {
    await movedBack();
    recreateCluster();
    await step(await replica());
    assert.equal(patches(), 2);
  });

  test('for an incarnation that replaced the one whose move was under way', async () => {
    const preferred = await replica();
    await step(preferred);
    recreateCluster();
    await step(preferred);
    assert.deepEqual([patches(), target()], [2, 'pg-2']);
  });

  test('for each rollout restart', async () => {
    await movedBack('2026-01-01T10:00:00Z');
    await step(await replica('2026-01-01T10:00:00Z'));
    assert.equal(patches(), 1);
    await step(await replica('2026-01-01T10:30:00Z'));
    assert.equal(patches(), 2);
  });

  test('and not again because a replica from before the restart leads for a while', async () => {
    await movedBack('2026-01-01T12:30:00+02:00');
    await step(await replica('2026-01-01T10:00:00Z'));
    await step(await replica(''));
    await step(await replica('2026-01-01T12:30:00+02:00'));
    assert.equal(patches(), 1);
  });

  test('and a record that somebody edited into nonsense is none', async () => {
    kube.create<ConfigMap>(CONFIG_MAPS, { metadata: REPORT });
    for (const text of ['not json', 'null', '[]', '{"uid":7}']) {
      kube.change(CONFIG_MAPS, { metadata: REPORT, data: { 'preferred-primary': text } });
      setStatus(HEALTHY);
      await step(await replica());
      assert.equal(stored()?.outcome, 'Moving', text);
    }
  });
});

describe('a promotion that meets trouble', () => {
  test('is never sent twice: a crash after the record was stored leads to a time-out', async () => {
    kube.judge = script('patch', 'clusters', ['request lost']);
    await assert.rejects(step(await replica()));
    assert.equal(stored()?.outcome, 'Moving');
    const successor = await replica();
    await step(successor);
    await kube.clock.advance(DEADLINE_MS);
    await step(successor);
    assert.deepEqual([patches(), stored()?.outcome, target()], [1, 'TimedOut', 'pg-1']);
    assert.match(stored()?.detail ?? '', /currentPrimary is still "pg-1"/);
    assert.deepEqual(reasons(), ['Requested', 'Failed']);
    await step(successor);
    assert.equal(patches(), 1);
  });

  test('is followed when the answer was lost but the patch was stored', async () => {
    kube.judge = script('patch', 'clusters', ['answer lost']);
    const preferred = await replica();
    await assert.rejects(step(preferred));
    assert.equal(target(), 'pg-2');
    setStatus({ currentPrimary: 'pg-2' });
    await step(preferred);
    assert.deepEqual([patches(), stored()?.outcome], [1, 'Moved']);
  });

  test('is followed when it was sent twice, and the second one met what the first one had stored', async () => {
    kube.judge = script('patch', 'clusters', ['sent twice']);
    const preferred = await replica();
    await assert.rejects(step(preferred), /modified/);
    assert.deepEqual([target(), stored()?.outcome, stored()?.target], ['pg-2', 'Moving', 'pg-2']);
    setStatus({ currentPrimary: 'pg-2' });
    await step(preferred);
    assert.deepEqual([patches(), stored()?.outcome], [1, 'Moved']);
  });

  test('is tried again when the server has refused it', async () => {
    const forbidden = new KubeError('clusters/status: forbidden', { status: 403, reason: 'Forbidden' });
    kube.judge = script('patch', 'clusters', [forbidden]);
    const preferred = await replica();
    await assert.rejects(step(preferred), /forbidden/);
    assert.deepEqual([stored()?.outcome, stored()?.target], ['Waiting', '']);
    assert.match(stored()?.detail ?? '', /the patch was refused: .*forbidden/);
    await step(preferred);
    assert.deepEqual([patches(), stored()?.outcome, target()], [2, 'Moving', 'pg-2']);
  });

  test('is tried again when the Cluster has changed since it was judged', async () => {
    const preferred = await replica();
    kube.judge = (call) => {
      if (call.verb === 'patch') {
        kube.judge = () => undefined;
        setStatus({ readyInstances: 1 });
      }
      return undefined;
    };
    await assert.rejects(step(preferred), /modified/);
    await step(preferred);
    assert.deepEqual([patches(), target(), stored()?.outcome], [1, 'pg-1', 'Waiting']);
    setStatus(HEALTHY);
    await step(preferred);
    assert.deepEqual([patches(), target()], [2, 'pg-2']);
  });

  test('is tried again when what is about to be done could not be stored', async () => {
    const preferred = await replica();
    kube.judge = script('create', 'configmaps', ['server error']);
    await assert.rejects(step(preferred));
    assert.equal(patches(), 0);
    await step(preferred);
    assert.deepEqual([patches(), target(), stored()?.outcome], [1, 'pg-2', 'Moving']);
    assert.deepEqual(reasons(), ['Requested']);
  });

  test('has its whole time with a successor whose clock is ahead', async () => {
    await step(await replica());
    const ahead = kube.clock.process({ skew: 3_600_000, origin: 77 });
    const successor = await replica('', ahead);
    await step(successor);
    await kube.clock.advance(DEADLINE_MS - 61_000);
    await step(successor);
    assert.equal(stored()?.outcome, 'Moving');
    await step(successor);
    await step(successor);
    assert.equal(stored()?.outcome, 'TimedOut');
  });

  test('is told in the end, though its outcome could not be stored at first', async () => {
    const preferred = await replica();
    await step(preferred);
    await kube.clock.advance(DEADLINE_MS);
    kube.judge = script('replace', 'configmaps', ['server error']);
    await assert.rejects(step(preferred));
    await step(preferred);
    assert.deepEqual([stored()?.outcome, reasons()], ['TimedOut', ['Requested', 'Failed']]);
  });

  test('is tried again when neither the patch nor its refusal came through', async () => {
    const preferred = await replica();
    const forbidden = new KubeError('forbidden', { status: 403, reason: 'Forbidden' });
    kube.judge = ({ verb }) => {
      if (verb === 'patch') return forbidden;
      return verb === 'replace' ? 'server error' : undefined;
    };
    await assert.rejects(step(preferred));
    kube.judge = () => undefined;
    await step(preferred);
    assert.deepEqual([patches(), target()], [2, 'pg-2']);
  });

  test('is not sent by a replica that does not lead any more', async () => {
    const preferred = await replica();
    kube.judge = ({ verb }) => {
      if (verb === 'create') leadership.held = false;
      return undefined;
    };
    await step(preferred);
    assert.equal(patches(), 0);
  });

  test('fails aloud when the Cluster cannot be read', async () => {
    kube.server.delete('test', CLUSTERS, PG, {});
    await assert.rejects(step(await replica()), /not found/);
  });
});
