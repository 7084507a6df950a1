import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Cluster } from '../../../cnpg/cluster.ts';
import type { Pod } from '../../../kubernetes/resources.ts';
import { locate, primaryOf } from './locate.ts';

const METADATA = { namespace: 'pg', name: 'pg-cluster', uid: 'uid-1' };
const cluster = (status?: Cluster['status'], metadata = {}): Cluster => ({
  metadata: { ...METADATA, ...metadata },
  ...(status && { status }),
});
const SETTLED = cluster({ currentPrimary: 'pg-1', targetPrimary: 'pg-1' });
const pod = (spec: Pod['spec'], uid = METADATA.uid): Pod => ({
  metadata: {
    namespace: 'pg',
    name: 'pg-1',
    ownerReferences: [{ apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', name: METADATA.name, uid }],
  },
  ...(spec && { spec }),
});

const endedPod = (phase: string, reason?: string): Pod => ({
  ...pod({ nodeName: 'us-1' }),
  status: { phase, ...(reason && { reason }) },
});
const leavingPod: Pod = {
  ...pod({ nodeName: 'us-1' }),
  metadata: { ...pod({}).metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
};

describe('the pod of the primary', () => {
  test('is the current one, whatever the target is', () => {
    assert.deepEqual(primaryOf(SETTLED), { pod: 'pg-1' });
    assert.deepEqual(primaryOf(cluster({ currentPrimary: 'pg-1', targetPrimary: 'pg-2' })), { pod: 'pg-1' });
    assert.deepEqual(primaryOf(cluster({ currentPrimary: 'pg-1', targetPrimary: 'pending' })), {
      pod: 'pg-1',
    });
  });

  const cases: readonly [string, Cluster, object][] = [
    ['has no status yet', cluster(), { reason: 'PrimaryEmpty' }],
    ['has an empty primary', cluster({ currentPrimary: '' }), { reason: 'PrimaryEmpty' }],
    ['is being made', cluster({ targetPrimary: 'pg-1' }), { reason: 'PrimaryEmpty', movingTo: 'pg-1' }],
    ['is choosing', cluster({ currentPrimary: 'pending' }), { reason: 'PrimaryPending' }],
    ['names no pod', cluster({ currentPrimary: '../nodes/us-1' }), { reason: 'SourceInvalid' }],
    [
      'is being deleted',
      cluster(SETTLED.status, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
      { reason: 'ClusterDeleting' },
    ],
  ];
  for (const [name, given, expected] of cases) {
    test(`is unknown while the Cluster ${name}`, () => {
      const { message, ...found } = primaryOf(given) as { message: string };
      assert.deepEqual(found, { kind: 'unknown', ...expected });
      assert.match(message, /^Cluster pg\/pg-cluster /);
    });
  }
});

describe('a Cluster in a distributed topology', () => {
  type Replica = NonNullable<Cluster['spec']>['replica'];
  const reasonOf = (replica: Replica, status: Cluster['status'] = {}) => {
    const found = primaryOf({
      ...SETTLED,
      spec: replica ? { replica } : {},
      status: { ...SETTLED.status, ...status },
    });
    return 'kind' in found ? found.reason : found.pod;
  };

  // As CloudNativePG's own Cluster.IsReplica and ShouldPromoteFromReplicaCluster.
  const cases: readonly [string, Replica, string][] = [
    ['is none without the section', undefined, 'pg-1'],
    ['is a replica of another name', { primary: 'other', source: 'other' }, 'ReplicaCluster'],
    ['is the primary by its own name', { primary: 'pg-cluster', source: 'other' }, 'pg-1'],
    ['is the primary by the name that it gives itself', { self: 'a', primary: 'a', source: 'b' }, 'pg-1'],
    [
      'is a replica though its own name is the primary’s',
      { self: 'a', primary: 'pg-cluster' },
      'ReplicaCluster',
    ],
    ['has no name of its own where that is empty', { self: '', primary: 'pg-cluster' }, 'pg-1'],
    ['is a replica where no primary is named', { source: 'b' }, 'ReplicaCluster'],
    ['is a replica by the older switch', { enabled: true, primary: 'pg-cluster' }, 'ReplicaCluster'],
    ['is none by the older switch', { enabled: false, primary: 'other' }, 'pg-1'],
    ['waits for its token', { primary: 'pg-cluster', promotionToken: 't' }, 'ReplicaCluster'],
  ];
  for (const [name, replica, expected] of cases) test(name, () => assert.equal(reasonOf(replica), expected));

  test('is the primary when its token was made use of', () => {
    const replica = { primary: 'pg-cluster', promotionToken: 't' };
    assert.equal(reasonOf(replica, { lastPromotionToken: 't' }), 'pg-1');
    assert.equal(reasonOf(replica, { lastPromotionToken: 'an older one' }), 'ReplicaCluster');
  });

  test('is told with where it replicates from, and where its primary is about to move', () => {
    const spec = { replica: { self: 'b', primary: 'a', source: 'a' } };
    const status = { currentPrimary: 'pg-1', targetPrimary: 'pg-2' };
    assert.deepEqual(primaryOf({ ...SETTLED, spec, status }), {
      kind: 'unknown',
      reason: 'ReplicaCluster',
      message: 'Cluster pg/pg-cluster is a replica cluster of a',
      movingTo: 'pg-2',
    });
  });
});

describe('the place of the primary', () => {
  test('is the node of its pod', () => {
    assert.deepEqual(locate(SETTLED, 'pg-1', pod({ nodeName: 'us-1' })), {
      kind: 'located',
      primary: 'pg-1',
      node: 'us-1',
    });
  });

  test('comes with where the primary is about to move, and when it came', () => {
    const moving = cluster({
      currentPrimary: 'pg-1',
      targetPrimary: 'pg-2',
      currentPrimaryTimestamp: '2026-01-01T00:00:00.000001Z',
    });
    assert.deepEqual(locate(moving, 'pg-1', pod({ nodeName: 'us-1' })), {
      kind: 'located',
      primary: 'pg-1',
      node: 'us-1',
      movingTo: 'pg-2',
      movedAt: '2026-01-01T00:00:00.000001Z',
    });
  });

  const ownerless: Pod = { metadata: { namespace: 'pg', name: 'pg-1' }, spec: { nodeName: 'us-1' } };
  const cases: readonly [string, Pod | undefined, string, RegExp][] = [
    ['does not exist', undefined, 'PodNotFound', /^pod pg\/pg-1 does not exist$/],
    ['has no node', pod({}), 'PodWithoutNode', /^pod pg\/pg-1 has no node$/],
    ['has no spec', pod(undefined), 'PodWithoutNode', /no node/],
    ['has failed', endedPod('Failed'), 'PodEnded', /^pod pg\/pg-1 has ended: Failed$/],
    ['was evicted', endedPod('Failed', 'Evicted'), 'PodEnded', /has ended: Failed \(Evicted\)$/],
    ['has ended', endedPod('Succeeded'), 'PodEnded', /has ended: Succeeded$/],
    ['is of another incarnation', pod({ nodeName: 'us-1' }, 'uid-0'), 'PodOfOtherCluster', /UID uid-1$/],
    ['has no owner', ownerless, 'PodOfOtherCluster', /UID uid-1$/],
  ];
  for (const [name, given, reason, message] of cases) {
    test(`is unknown while its pod ${name}`, () => {
      const found = locate(SETTLED, 'pg-1', given);
      assert.ok(found.kind === 'unknown');
      assert.equal(found.reason, reason);
      assert.match(found.message, message);
    });
  }

  test('is not settled while its pod is being deleted', () => {
    const found = locate(SETTLED, 'pg-1', leavingPod);
    assert.equal(found.kind, 'located');
    assert.equal(found.movingTo, 'the pod after pg/pg-1, which is being deleted');
    const moving = cluster({ currentPrimary: 'pg-1', targetPrimary: 'pg-2' });
    assert.equal(locate(moving, 'pg-1', leavingPod).movingTo, 'pg-2');
  });

  test('is unknown of a pod of another incarnation even where no uid is known', () => {
    const { uid: _, ...metadata } = METADATA;
    const found = locate({ metadata, status: SETTLED.status ?? {} }, 'pg-1', ownerless);
    assert.equal(found.kind, 'unknown');
  });

  test('is told as moving also while it is unknown', () => {
    const failingOver = cluster({ currentPrimary: 'pg-1', targetPrimary: 'pending' });
    const found = locate(failingOver, 'pg-1', undefined);
    assert.deepEqual([found.kind, found.movingTo], ['unknown', 'pending']);
  });
});

describe('a Cluster that is hibernated', () => {
  const asked = cluster(SETTLED.status, { annotations: { 'cnpg.io/hibernation': 'on' } });
  const done = cluster({ ...SETTLED.status, conditions: [{ type: 'cnpg.io/hibernation', status: 'True' }] });
  const off = cluster(SETTLED.status, { annotations: { 'cnpg.io/hibernation': 'off' } });
  const reasonOf = (given: Cluster, found: Pod | undefined) => {
    const observation = locate(given, 'pg-1', found);
    return observation.kind === 'unknown' ? observation.reason : observation.node;
  };

  test('is called so as soon as the pod of its primary goes', () => {
    for (const given of [asked, done]) {
      for (const gone of [undefined, leavingPod, endedPod('Succeeded')]) {
        assert.equal(reasonOf(given, gone), 'ClusterHibernated');
      }
    }
  });

  test('is followed as long as it still runs, and as soon as it runs again', () => {
    assert.equal(reasonOf(asked, pod({ nodeName: 'us-1' })), 'us-1');
    assert.equal(reasonOf(done, pod({ nodeName: 'us-1' })), 'us-1');
    assert.equal(reasonOf(off, undefined), 'PodNotFound');
  });
});
