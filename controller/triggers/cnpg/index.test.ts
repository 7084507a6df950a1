import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { CLUSTERS, type Cluster } from '../../../cnpg/cluster.ts';
import { PODS, type Pod } from '../../../kubernetes/resources.ts';
import { FakeCluster, TestLeadership } from '../../../test/support/fake-cluster.ts';
import { CnpgTrigger } from './index.ts';

const PG = { namespace: 'pg', name: 'pg-cluster' };

let kube: FakeCluster;
let leadership: TestLeadership;
let trigger: CnpgTrigger;

beforeEach(() => {
  kube = new FakeCluster(['pg', 'other']);
  leadership = new TestLeadership();
  trigger = new CnpgTrigger({ ports: kube.watchPorts, namespace: 'pg', clusterName: PG.name });
});

function createCluster(status: Cluster['status'] = { currentPrimary: 'pg-1', targetPrimary: 'pg-1' }): void {
  kube.create<Cluster>(CLUSTERS, { metadata: PG, status });
}

function createPod(name: string, nodeName: string): void {
  const { uid = '' } = kube.server.get(CLUSTERS, PG).metadata;
  const owner = { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', name: PG.name, uid };
  const labels = { 'cnpg.io/cluster': PG.name };
  kube.create(PODS, {
    metadata: { namespace: 'pg', name, labels, ownerReferences: [owner] },
    spec: { nodeName },
  });
}

const setStatus = (status: Cluster['status']) => kube.change(CLUSTERS, { metadata: PG, status });
const changePod = (status: Pod['status']) =>
  kube.change(PODS, { metadata: { namespace: 'pg', name: 'pg-1' }, ...(status && { status }) });
const removePod = (name: string) => kube.server.delete('test', PODS, { namespace: 'pg', name }, {});

const observe = () => kube.clock.settled(trigger.observe(leadership.abort, leadership), 20_000);

describe('a look at the Cluster', () => {
  test('finds the node of the current primary', async () => {
    createCluster();
    createPod('pg-1', 'us-1');
    assert.deepEqual(await observe(), { kind: 'located', primary: 'pg-1', node: 'us-1' });
  });

  test('says what is missing', async () => {
    assert.deepEqual(await observe(), {
      kind: 'unknown',
      reason: 'ClusterNotFound',
      message: 'Cluster pg/pg-cluster does not exist',
    });
    createCluster();
    assert.equal(((await observe()) as { reason?: string }).reason, 'PodNotFound');
  });

  test('never answers from what was seen before', async () => {
    createCluster();
    createPod('pg-1', 'us-1');
    await observe();
    removePod('pg-1');
    createPod('pg-1', 'eu-1');
    assert.equal(((await observe()) as { node?: string }).node, 'eu-1');
  });

  test('holds a replica cluster that is promoted until the operator has seen its primary', async () => {
    const reasonNow = async () => ((await observe()) as { reason?: string }).reason;
    const change = (primary: string, isPrimary: boolean) =>
      kube.change(CLUSTERS, {
        metadata: PG,
        spec: { replica: { primary, source: 'a' } },
        status: { currentPrimary: 'pg-1', instancesReportedState: { 'pg-1': { isPrimary } } },
      });
    createCluster();
    createPod('pg-1', 'us-1');
    change(PG.name, false);
    assert.equal(await reasonNow(), undefined, 'after a failover, what the operator saw last may be older');
    change('a', true);
    assert.equal(await reasonNow(), 'ReplicaCluster');
    change(PG.name, false);
    assert.equal(await reasonNow(), 'ReplicaCluster');
    change(PG.name, true);
    assert.equal(await reasonNow(), undefined);
  });

  test('throws when the API does not answer', async () => {
    kube.judge = ({ resource }) => (resource.plural === 'clusters' ? 'server error' : undefined);
    await assert.rejects(observe(), /the server answers 5/);
    kube.judge = ({ resource }) => (resource.plural === 'pods' ? 'answer lost' : undefined);
    createCluster();
    await assert.rejects(observe(), /gave no answer within 5000 ms/);
  });

  test('takes no pod that came back elsewhere as a replica for the primary', async () => {
    createCluster();
    createPod('pg-1', 'us-1');
    createPod('pg-2', 'eu-1');
    kube.judge = ({ verb, resource }) => {
      if (verb === 'get' && resource.plural === 'pods') {
        kube.judge = () => undefined;
        setStatus({ currentPrimary: 'pg-2', targetPrimary: 'pg-2' });
        removePod('pg-1');
        createPod('pg-1', 'ap-1');
      }
      return undefined;
    };
    assert.deepEqual(await observe(), { kind: 'located', primary: 'pg-2', node: 'eu-1' });
  });

  test('ends also when the primary changes again and again', async () => {
    createCluster();
    for (const [name, node] of [
      ['pg-1', 'us-1'],
      ['pg-2', 'eu-1'],
    ] as const) {
      createPod(name, node);
    }
    let moves = 0;
    kube.judge = ({ resource }) => {
      if (resource.plural === 'pods') setStatus({ currentPrimary: moves++ % 2 === 0 ? 'pg-2' : 'pg-1' });
      return undefined;
    };
    const found = await observe();
    assert.deepEqual([found.kind, moves], ['unknown', 3]);
  });
});

describe('the watches of a Cluster', () => {
  let wakes: number;

  /** Resolves with what ends with the watches, once they are open. */
  async function watch(): Promise<{ readonly ended: Promise<void> }> {
    createCluster();
    createPod('pg-1', 'us-1');
    const ended = trigger.watch(() => {
      wakes += 1;
    }, leadership.abort);
    await kube.clock.advance(1_000);
    wakes = 0;
    return { ended };
  }

  const changes: readonly [string, () => unknown, boolean][] = [
    ['another primary', () => setStatus({ currentPrimary: 'pg-2' }), true],
    ['another target', () => setStatus({ targetPrimary: 'pg-2' }), true],
    ['another phase, which decides nothing', () => setStatus({ phase: 'Failing over' }), false],
    [
      'another place in its topology',
      () => kube.change(CLUSTERS, { metadata: PG, spec: { replica: { primary: 'a', source: 'a' } } }),
      true,
    ],
    ['a lost pod', () => removePod('pg-1'), true],
    ['a new pod of a replica, which decides nothing', () => createPod('pg-2', 'eu-1'), false],
    ['a pod that has failed', () => changePod({ phase: 'Failed', reason: 'Evicted' }), true],
    [
      'a pod that becomes unready, which decides nothing',
      () => changePod({ conditions: [{ type: 'Ready', status: 'False' }] }),
      false,
    ],
    [
      'a Cluster that is to be hibernated',
      () => kube.change(CLUSTERS, { metadata: { ...PG, annotations: { 'cnpg.io/hibernation': 'on' } } }),
      true,
    ],
    ['a lost Cluster', () => kube.server.delete('test', CLUSTERS, PG, {}), true],
    ['what the operator writes often', () => setStatus({ readyInstances: 2 }), false],
    [
      'another Cluster',
      () =>
        kube.create<Cluster>(CLUSTERS, { metadata: { namespace: 'pg', name: 'x' }, status: { phase: 'y' } }),
      false,
    ],
    [
      'a pod of somebody else',
      () => kube.create(PODS, { metadata: { namespace: 'pg', name: 'web' }, spec: { nodeName: 'us-1' } }),
      false,
    ],
  ];
  for (const [name, change, expected] of changes) {
    test(`${expected ? 'wake' : 'do not wake'} for ${name}`, async () => {
      const { ended } = await watch();
      change();
      await kube.clock.advance(1_000);
      assert.equal(wakes > 0, expected, `${wakes} wakes`);
      leadership.end();
      await ended;
    });
  }

  test('wake for the pod of a primary that has been named since', async () => {
    const { ended } = await watch();
    createPod('pg-2', 'eu-1');
    setStatus({ currentPrimary: 'pg-2', targetPrimary: 'pg-2' });
    await kube.clock.advance(1_000);
    for (const [change, expected] of [
      [() => removePod('pg-1'), false],
      [() => removePod('pg-2'), true],
    ] as const) {
      wakes = 0;
      change();
      await kube.clock.advance(1_000);
      assert.equal(wakes > 0, expected);
    }
    leadership.end();
    await ended;
  });

  test('let a look read Cluster and pod side by side, as long as they are what was told', async () => {
    const { ended } = await watch();
    kube.calls.length = 0;
    const expected: string[] = [];
    const look = trigger.observe(leadership.abort, leadership, (node) => expected.push(node));
    assert.deepEqual([expected, kube.calls], [['us-1'], ['get pods pg/pg-1', 'get clusters pg/pg-cluster']]);
    await kube.clock.advance(1_000);
    assert.deepEqual(await look, { kind: 'located', primary: 'pg-1', node: 'us-1' });
    assert.equal(kube.calls.length, 2);
    leadership.end();
    await ended;
  });

  test('let it do so while the operator writes of other things, and not when it wrote of a move', async () => {
    const moved = (second: number) => ({ currentPrimaryTimestamp: `2026-01-01T00:00:0${second}.000000Z` });
    const { ended } = await watch();
    setStatus({ currentPrimary: 'pg-1', ...moved(1) });
    await kube.clock.advance(1_000);
    for (const [status, pods] of [
      [{ phase: 'x' }, 1],
      [moved(2), 2],
    ] as const) {
      kube.calls.length = 0;
      const expected: string[] = [];
      const look = trigger.observe(leadership.abort, leadership, (node) => expected.push(node));
      setStatus(status);
      await kube.clock.advance(1_000);
      assert.equal((await look).kind, 'located');
      assert.equal(kube.count('get pods'), pods);
      assert.equal(expected.length, pods, 'the node is read again with the pod');
    }
    leadership.end();
    await ended;
  });

  test('mislead no look when they are behind: not with a primary, not with a lost pod', async () => {
    const { ended } = await watch();
    createPod('pg-2', 'eu-1');
    await kube.clock.advance(1_000);
    const look = trigger.observe(leadership.abort, leadership);
    setStatus({ currentPrimary: 'pg-2', targetPrimary: 'pg-2' });
    removePod('pg-1');
    await kube.clock.advance(1_000);
    assert.deepEqual(await look, { kind: 'located', primary: 'pg-2', node: 'eu-1' });
    leadership.end();
    await ended;
  });

  test('mislead no look when the primary has been away in between', async () => {
    const { ended } = await watch();
    createPod('pg-2', 'eu-1');
    await kube.clock.advance(1_000);
    kube.judge = ({ verb, resource }) => {
      if (verb !== 'get' || resource.plural !== 'pods') return undefined;
      kube.judge = () => undefined;
      setStatus({ currentPrimary: 'pg-2' });
      removePod('pg-1');
      createPod('pg-1', 'ap-1');
      setStatus({ currentPrimary: 'pg-1' });
      return undefined;
    };
    kube.calls.length = 0;
    assert.equal(((await observe()) as { node?: string }).node, 'ap-1');
    assert.equal(kube.count('get pods'), 2);
    leadership.end();
    await ended;
  });

  test('end with the leadership, and leave no timer', async () => {
    const { ended } = await watch();
    leadership.end();
    await ended;
    assert.equal(kube.process.pending, 0);
  });
});
