import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Node, Pod } from '../kubernetes/resources.ts';
import type { Cluster } from './cluster.ts';
import { type PromotionScene, promotionPreconditions } from './preconditions.ts';

const READY = [{ type: 'Ready', status: 'True' }];

const CLUSTER = {
  metadata: { name: 'pg', namespace: 'postgres', uid: 'uid-1' },
  spec: { instances: 3 },
  status: {
    phase: 'Cluster in healthy state',
    currentPrimary: 'pg-1',
    targetPrimary: 'pg-1',
    readyInstances: 3,
    timelineID: 7,
    instancesStatus: { healthy: ['pg-1', 'pg-2', 'pg-3'] },
    instancesReportedState: { 'pg-1': { timeLineID: 7 }, 'pg-2': { timeLineID: 7 } },
  },
} satisfies Cluster;

const OWNER = { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', name: 'pg', uid: 'uid-1' };

const TARGET = {
  metadata: {
    name: 'pg-2',
    namespace: 'postgres',
    labels: { 'cnpg.io/cluster': 'pg', 'cnpg.io/podRole': 'instance', 'cnpg.io/instanceRole': 'replica' },
    ownerReferences: [OWNER],
  },
  spec: { nodeName: 'home' },
  status: { conditions: READY },
} satisfies Pod;

const NODE = { metadata: { name: 'home' }, status: { conditions: READY } } satisfies Node;

const SCENE: PromotionScene = { cluster: CLUSTER, target: TARGET, node: NODE, runningBackups: [] };

const NOW = '2026-01-02T03:04:05Z';

function cluster(changes: {
  readonly metadata?: Partial<Cluster['metadata']>;
  readonly spec?: Cluster['spec'];
  readonly status?: Partial<NonNullable<Cluster['status']>>;
}): Partial<PromotionScene> {
  return {
    cluster: {
      metadata: { ...CLUSTER.metadata, ...changes.metadata },
      spec: { ...CLUSTER.spec, ...changes.spec },
      status: { ...CLUSTER.status, ...changes.status },
    },
  };
}

const topology = (
  replica: NonNullable<Cluster['spec']>['replica'],
  status: Partial<NonNullable<Cluster['status']>> = {},
) => cluster({ spec: { instances: 3, ...(replica && { replica }) }, status });

const reported = (primary: { readonly isPrimary: boolean }) => ({
  ...CLUSTER.status.instancesReportedState,
  'pg-1': { ...primary, timeLineID: 7 },
});

const annotated = (name: string, value: string) =>
  cluster({ metadata: { annotations: { [`cnpg.io/${name}`]: value } } });

const target = (changes: {
  metadata?: Partial<Pod['metadata']>;
  status?: NonNullable<Pod['status']>;
}): Partial<PromotionScene> => ({
  target: { ...TARGET, ...changes, metadata: { ...TARGET.metadata, ...changes.metadata } },
});

const node = (changes: Partial<Node>): Partial<PromotionScene> => ({ node: { ...NODE, ...changes } });
const tainted = (key: string) => node({ spec: { taints: [{ key, effect: 'NoSchedule' }] } });

function obstacles(scene: Partial<PromotionScene>): string[] {
  return promotionPreconditions({ ...SCENE, ...scene }).flatMap(({ obstacle }) => obstacle ?? []);
}

/** What is changed about a scene in which everything holds, and the one obstacle that this makes. */
const IN_THE_WAY: Readonly<Record<string, readonly [Partial<PromotionScene>, RegExp]>> = {
  'the Cluster is being deleted': [
    cluster({ metadata: { deletionTimestamp: NOW } }),
    /^the Cluster is being deleted$/,
  ],
  'the operator is told to leave it alone': [
    annotated('reconciliationLoop', 'disabled'),
    /reconciliationLoop is disabled/,
  ],
  'hibernation is asked for': [annotated('hibernation', 'on'), /hibernated/],
  'it is hibernated': [
    cluster({ status: { conditions: [{ type: 'cnpg.io/hibernation', status: 'True' }] } }),
    /hibernated/,
  ],
  'it is a replica cluster': [
    cluster({ spec: { instances: 3, replica: { enabled: true } } }),
    /replica cluster/,
  ],
  'another Cluster is the primary of its topology': [
    cluster({ spec: { instances: 3, replica: { primary: 'other' } } }),
    /replica cluster/,
  ],
  'its topology knows it by another name, and has another primary': [
    topology({ self: 'dc-b', primary: 'pg' }),
    /replica cluster/,
  ],
  'its topology names no primary': [topology({ self: 'dc-a' }), /replica cluster/],
  'its promotion waits for what a token tells of': [
    topology({ primary: 'pg', promotionToken: 'new' }, { lastPromotionToken: 'old' }),
    /promotion from a replica cluster is not over/,
  ],
  'the operator has not seen it promoted': [
    topology({ primary: 'pg' }, { instancesReportedState: reported({ isPrimary: false }) }),
    /promotion from a replica cluster is not over/,
  ],
  'its phase is another one': [
    cluster({ status: { phase: 'Waiting for user action' } }),
    /"Waiting for user action"/,
  ],
  'its primary is empty': [
    cluster({ status: { currentPrimary: '', targetPrimary: '' } }),
    /currentPrimary is ""/,
  ],
  'its primary is pending': [
    cluster({ status: { currentPrimary: 'pending', targetPrimary: 'pending' } }),
    /currentPrimary is "pending"/,
  ],
  'a move is under way': [cluster({ status: { targetPrimary: 'pg-3' } }), /targetPrimary "pg-3"/],
  'an instance is not ready': [cluster({ status: { readyInstances: 2 } }), /2 of 3 instances are ready/],
  'the primary is fenced': [annotated('fencedInstances', '["pg-1"]'), /^pg-1 is fenced$/],
  'a backup runs': [{ runningBackups: ['nightly'] }, /^Backup nightly is running$/],
  'the target is fenced': [annotated('fencedInstances', '["pg-2"]'), /^pg-2 is fenced$/],
  'no instance is on the node': [{ target: undefined }, /no instance runs on the preferred node/],
  'the pod is of another Cluster': [
    target({ metadata: { ownerReferences: [{ ...OWNER, uid: 'uid-0' }] } }),
    /pg-2 belongs to another Cluster/,
  ],
  'the pod is being deleted': [target({ metadata: { deletionTimestamp: NOW } }), /pg-2 is being deleted/],
  'the pod is not ready': [
    target({ status: { conditions: [{ type: 'Ready', status: 'False' }] } }),
    /pg-2 is not Ready/,
  ],
  'the pod says nothing of being ready': [target({ status: {} }), /pg-2 is not Ready/],
  'the pod is unhealthy': [
    target({ metadata: { labels: { ...TARGET.metadata.labels, 'cnpg.io/instanceRole': 'unhealthy' } } }),
    /the role "unhealthy"/,
  ],
  'the operator does not call it healthy': [
    cluster({ status: { instancesStatus: { healthy: ['pg-1', 'pg-3'], failed: ['pg-2'] } } }),
    /not among the healthy/,
  ],
  'the target is on another timeline': [
    cluster({ status: { instancesReportedState: { 'pg-2': { timeLineID: 6 } } } }),
    /pg-2 is on timeline 6, the Cluster on 7/,
  ],
  'the target reports no timeline': [cluster({ status: { instancesReportedState: {} } }), /on timeline \?/],
  'the node does not exist': [{ node: undefined }, /the preferred node does not exist/],
  'the node is not ready': [
    node({ status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } }),
    /node home is not Ready/,
  ],
  'the node is cordoned': [node({ spec: { unschedulable: true } }), /node home is cordoned/],
  'the node is drained by kubectl': [tainted('node.kubernetes.io/unschedulable'), /taint node.kubernetes.io/],
  'the node is removed by the autoscaler': [tainted('ToBeDeletedByClusterAutoscaler'), /taint ToBeDeleted/],
  'the node is replaced by Karpenter': [tainted('karpenter.sh/disrupted'), /taint karpenter.sh\/disrupted/],
  'the node was to be replaced by an older Karpenter': [
    tainted('karpenter.sh/disruption'),
    /taint karpenter/,
  ],
};

const NO_MATTER: Readonly<Record<string, Partial<PromotionScene>>> = {
  'nothing is wrong': {},
  'another instance is fenced': annotated('fencedInstances', '["pg-3"]'),
  'nobody is fenced': annotated('fencedInstances', '[]'),
  'the list of fenced instances is empty text': annotated('fencedInstances', ''),
  'the operator is told to go on': annotated('reconciliationLoop', 'enabled'),
  'hibernation is off': annotated('hibernation', 'off'),
  'hibernation is over': cluster({
    status: { conditions: [{ type: 'cnpg.io/hibernation', status: 'False' }] },
  }),
  'it was a replica cluster': cluster({
    spec: { instances: 3, replica: { enabled: false, primary: 'other' } },
  }),
  'it is the primary of its topology': cluster({ spec: { instances: 3, replica: { primary: 'pg' } } }),
  'the node has another taint': tainted('example.com/dedicated'),
};

describe('the primary is not moved when', () => {
  for (const [what, [scene, obstacle]] of Object.entries(IN_THE_WAY)) {
    test(what, () => {
      const found = obstacles(scene);
      assert.equal(found.length, 1, found.join('; '));
      assert.match(found[0] ?? '', obstacle);
    });
  }

  for (const value of ['["*"]', 'pg-3', '{"pg-3":true}', '"*"']) {
    test(`the fenced instances are ${value}: all of them, or nobody can tell`, () => {
      assert.deepEqual(obstacles(annotated('fencedInstances', value)), ['pg-1 is fenced', 'pg-2 is fenced']);
    });
  }

  test('several things are in the way: each is named', () => {
    const found = obstacles({ target: undefined, node: undefined, runningBackups: ['one', 'two'] });
    assert.deepEqual(found, [
      'Backup one, two is running',
      'no instance runs on the preferred node',
      'the preferred node does not exist',
    ]);
  });

  test('nothing is known of the Cluster at all', () => {
    const bare = { metadata: { name: 'pg', uid: 'uid-1' } };
    assert.ok(obstacles({ cluster: bare }).length >= 3);
  });
});

describe('the primary may be moved when', () => {
  for (const [what, scene] of Object.entries(NO_MATTER)) {
    test(what, () => assert.deepEqual(obstacles(scene), []));
  }
});
