import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HOLD_REASONS, type HoldReason } from '../../contract/reasons.ts';
import { NODES, PODS } from '../../kubernetes/resources.ts';
import { createCnpgCluster } from '../support/cnpg.ts';
import { assertOneHistory } from '../support/config-map-history.ts';
import { Registrar } from '../support/registrar.ts';
import { ADDRESSES, createScene, EAST, type Scene, WEST } from '../support/scene.ts';
import { createNodes } from '../support/seed.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';

const plane = await sharedControlPlane();

interface Unknown {
  readonly what: string;
  readonly reason: HoldReason;
  readonly enter: (scene: Scene) => Promise<unknown>;
  /** Back to the first instance, in the east. */
  readonly leave: (scene: Scene) => Promise<unknown>;
}

const primary = (instance: string) => ({ currentPrimary: instance, targetPrimary: instance });
const backToFirst = ({ cluster }: Scene) => cluster.setStatus(primary('pg-1'));

/** Each of them could look like a move to the west, or like nothing at all. */
const UNKNOWNS: readonly Unknown[] = [
  {
    what: 'the primary is "pending"',
    reason: 'PrimaryPending',
    enter: ({ cluster }) => cluster.setStatus(primary('pending')),
    leave: backToFirst,
  },
  {
    what: 'the primary is empty',
    reason: 'PrimaryEmpty',
    enter: ({ cluster }) => cluster.setStatus(primary('')),
    leave: backToFirst,
  },
  {
    what: 'the primary is a pod that does not exist',
    reason: 'PodNotFound',
    enter: ({ cluster }) => cluster.setStatus(primary('pg-9')),
    leave: backToFirst,
  },
  {
    what: 'the pod of the primary waits for a node',
    reason: 'PodWithoutNode',
    async enter({ cluster }) {
      await cluster.createInstance('pg-3', undefined, 'primary');
      await cluster.setStatus(primary('pg-3'));
    },
    leave: backToFirst,
  },
  {
    what: 'the node of the primary is in no site',
    reason: 'NodeWithoutSite',
    async enter({ cluster, nodes }) {
      await cluster.createInstance('pg-4', nodes.nowhere, 'primary');
      await cluster.setStatus(primary('pg-4'));
    },
    leave: backToFirst,
  },
  {
    what: 'the node of the primary is deleted',
    reason: 'NodeNotFound',
    enter: ({ api, nodes }) => api.delete(NODES, { name: nodes.east }),
    leave: ({ api, nodes }) => createNodes(api, [{ name: nodes.east }]),
  },
  {
    what: 'the pod of the primary is deleted',
    reason: 'PodNotFound',
    enter: ({ cluster }) => cluster.deleteInstance('pg-1'),
    leave: ({ cluster, nodes }) => cluster.createInstance('pg-1', nodes.east, 'primary'),
  },
  {
    what: 'the pod of the primary is evicted',
    reason: 'PodEnded',
    enter: ({ cluster }) => cluster.setPodStatus('pg-1', { phase: 'Failed', reason: 'Evicted' }),
    leave: ({ cluster }) => cluster.setPodStatus('pg-1', { phase: 'Running', reason: null }),
  },
  {
    what: 'the Cluster is hibernated',
    reason: 'ClusterHibernated',
    async enter({ cluster }) {
      await cluster.annotate({ 'cnpg.io/hibernation': 'on' });
      await cluster.deleteInstance('pg-1');
    },
    async leave({ cluster, nodes }) {
      await cluster.annotate({ 'cnpg.io/hibernation': null });
      await cluster.createInstance('pg-1', nodes.east, 'primary');
    },
  },
  {
    what: 'the Cluster becomes a replica cluster, by the names of its topology',
    reason: 'ReplicaCluster',
    enter: ({ cluster }) => cluster.setReplica({ self: 'dc-b', primary: 'pg', source: 'pg' }),
    leave: ({ cluster }) => cluster.setReplica({ self: 'dc-b', primary: 'dc-b', source: 'pg' }),
  },
  {
    what: 'a replica cluster is to become the primary, and its instances wait for what its token tells of',
    reason: 'ReplicaCluster',
    enter: ({ cluster }) =>
      cluster.setReplica({ self: 'dc-b', primary: 'dc-b', source: 'pg', promotionToken: 'token' }),
    leave: ({ cluster }) => cluster.setStatus({ lastPromotionToken: 'token' }),
  },
  {
    what: 'the primary is a pod that an earlier Cluster of this name has left',
    reason: 'PodOfOtherCluster',
    async enter({ api, cluster, nodes }) {
      const { namespace } = cluster;
      const ghost = await createCnpgCluster({ api, namespace, name: 'ghost', nodes: [nodes.west] });
      await ghost.createInstance('pg-5', nodes.west, 'primary');
      await cluster.setStatus(primary('pg-5'));
    },
    leave: backToFirst,
  },
];

describe('what is not certain moves nothing', { concurrency: 3 }, () => {
  test('whatever hides the primary, the last site and its DNS record stay', async (t) => {
    const scene = await createScene(t, plane);
    const registrar = await Registrar.start(t, ADDRESSES[WEST]);
    // Nodes are not watched where their names decide, so the pass has to notice that one is gone.
    const controller = await scene.startAndSettle({ ...registrar.environment, RESYNC_SECONDS: '2' });
    await registrar.pointsTo(ADDRESSES[EAST]);
    for (const { what, reason, enter, leave } of UNKNOWNS) {
      await t.test(what, async () => {
        await enter(scene);
        const { activeSite, activeNode, epoch, phase, primary } = await scene.held(reason);
        assert.deepEqual([activeSite, activeNode, primary], [EAST, scene.nodes.east, 'pg-1']);
        assert.deepEqual([epoch, phase], [1, 'Held']);
        const { event, action } = HOLD_REASONS[reason];
        const { type, note } = await scene.event(event, (one) => one.note.startsWith(`${reason}: `));
        assert.equal(type, 'Warning');
        assert.ok(note.includes(`${EAST} stays active. ${action}`), note);
        await controller.untilMetric('kube_site_follower_held', { reason }, 1);
        await leave(scene);
        await scene.settled(EAST, 1);
        await controller.untilMetric('kube_site_follower_held', { reason }, 0);
      });
    }
    assert.deepEqual([registrar.writes, registrar.harm], [1, []]);
    await scene.event('PrimaryFound');
    await scene.moveTo(WEST);
    await scene.settled(WEST, 2);
    await registrar.pointsTo(ADDRESSES[WEST]);
    assert.deepEqual(registrar.harm, []);
    assertOneHistory(scene.status.versions);
  });

  test('while a move is under way the last site stays, and the status says where it goes', async (t) => {
    const scene = await createScene(t, plane);
    await scene.startAndSettle();
    for (const target of ['pending', 'pg-2']) {
      await scene.cluster.setStatus({ targetPrimary: target });
      const { activeSite, phase } = await scene.status.untilStatus(
        `a move to ${target} is told`,
        ({ reason }) => reason === `Moving: to ${target}`,
      );
      assert.deepEqual([activeSite, phase], [EAST, 'Transitioning']);
    }
    await scene.cluster.setStatus({ currentPrimary: 'pg-2' });
    await scene.settled(WEST, 2);
  });

  test('a failover that stalls is told as a hold, whatever the operator aims at', async (t) => {
    const scene = await createScene(t, plane);
    const controller = await scene.startAndSettle();
    await scene.cluster.setStatus({ targetPrimary: 'pending', phase: 'Failing over' });
    await scene.cluster.deleteInstance('pg-1');
    const { activeSite, phase } = await scene.held('PodNotFound');
    assert.deepEqual([activeSite, phase], [EAST, 'Transitioning']);
    await scene.event('PrimaryUnknown', ({ note }) => note.startsWith('PodNotFound: '));
    await controller.untilMetric('kube_site_follower_held', { reason: 'PodNotFound' }, 1);
    await scene.cluster.setStatus({ currentPrimary: null, targetPrimary: 'pg-1' });
    await controller.untilMetric('kube_site_follower_held', { reason: 'PrimaryEmpty' }, 1);
    await scene.cluster.setStatus(primary('pg-2'));
    await scene.settled(WEST, 2);
    await controller.untilMetric('kube_site_follower_held', { reason: 'PrimaryEmpty' }, 0);
  });

  test('a primary whose pod is being deleted is followed, and not called settled', async (t) => {
    const scene = await createScene(t, plane);
    const { api, cluster } = scene;
    await scene.startAndSettle();
    const linger = (finalizers: string[]) =>
      api.patch(
        PODS,
        { namespace: cluster.namespace, name: 'pg-2' },
        { metadata: { finalizers } },
        { type: 'merge' },
      );
    await linger(['example.com/linger']);
    await cluster.deleteInstance('pg-2');
    await cluster.setStatus(primary('pg-2'));
    const { phase, reason } = await scene.status.untilStatus(
      'the west is active',
      ({ activeSite }) => activeSite === WEST,
    );
    assert.equal(phase, 'Transitioning');
    assert.match(reason, /^Moving: to the pod after \S+\/pg-2, which is being deleted$/);
    await linger([]);
    await scene.held('PodNotFound');
  });

  test('a pod that comes back on another node, under the same name, is followed', async (t) => {
    const scene = await createScene(t, plane);
    await scene.startAndSettle();
    await scene.cluster.deleteInstance('pg-1');
    await scene.held('PodNotFound');
    await scene.cluster.createInstance('pg-1', scene.nodes.west, 'primary');
    const { activeNode } = await scene.settled(WEST, 2);
    assert.equal(activeNode, scene.nodes.west);
  });

  test('a Cluster that is deleted and made again is followed from its own pods on, not from the old ones', async (t) => {
    const scene = await createScene(t, plane);
    const { api, cluster, nodes } = scene;
    await scene.startAndSettle();
    const { namespace } = cluster;
    const linger = (finalizers: string[]) =>
      api.patch(PODS, { namespace, name: 'pg-2' }, { metadata: { finalizers } }, { type: 'merge' });
    await linger(['example.com/linger']);
    const before = cluster.uid;
    await cluster.delete();
    await scene.held('ClusterNotFound');

    await cluster.createWithoutStatus();
    assert.notEqual(cluster.uid, before);
    await scene.held('PrimaryEmpty');
    await cluster.setStatus({ ...primary('pg-2'), instances: 1 });
    await scene.held('PodOfOtherCluster');
    assert.deepEqual([scene.status.last?.data['active-site'], scene.status.last?.data.epoch], [EAST, '1']);

    await api.delete(PODS, { namespace, name: 'pg-2' });
    await linger([]);
    await scene.held('PodNotFound');
    await cluster.createInstance('pg-2', nodes.west, 'primary');
    await scene.settled(WEST, 2);
    assertOneHistory(scene.status.versions);
  });
});
