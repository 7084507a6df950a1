import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { BACKUPS, type Backup, CLUSTERS } from '../../cnpg/cluster.ts';
import { ANNOTATIONS } from '../../contract/names.ts';
import type { KubeObject } from '../../kubernetes/api.ts';
import { NODES, PODS } from '../../kubernetes/resources.ts';
import type { ControllerProcess, Environment } from '../support/controller-process.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { createScene, EAST, type Scene, WEST } from '../support/scene.ts';
import { setNodeReady } from '../support/seed.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';

const plane = await sharedControlPlane();

/** What the controller asks of the Cluster; what the operator writes does not pass the proxy. */
const PATCHES = { verbs: ['patch'], resource: 'clusters' } as const;

/** The primary is in the east, its home in the west. */
async function createAway(t: TestContext) {
  const scene = await createScene(t, plane);
  const proxy = await startFaultProxy(plane);
  t.after(() => proxy.stop());
  const settings = { PREFERRED_PRIMARY_NODE: scene.nodes.west, RESYNC_SECONDS: '1' };
  const start = (extra: Environment = {}) => scene.start({ ...settings, ...extra }, { server: proxy.url });
  return { scene, proxy, start };
}

/** Resolves when the controller has considered the Cluster a few times more. */
async function considered(controller: ControllerProcess): Promise<void> {
  const times = () =>
    controller.metric('kube_site_follower_signal_applications_total', { signal: 'preferred-primary' });
  const enough = (await times()) + 4;
  await controller.child.waitUntil(
    'it was considered 4 times',
    async () => (await times()) >= enough,
    20_000,
  );
}

async function createOwnPod({ api, namespace }: Scene, name: string, restartedAt: string): Promise<void> {
  await api.create<KubeObject>(PODS, {
    metadata: { namespace, name, annotations: { [ANNOTATIONS.restartedAt]: restartedAt } },
    spec: { containers: [{ name: 'controller', image: 'controller' }] },
  } as KubeObject);
}

const note = async (scene: Scene, text: RegExp) =>
  scene.event('PreferredPrimaryWaiting', (event) => text.test(event.note));

describe('the preferred node of the primary', { concurrency: 3 }, () => {
  test('is gone to once per Cluster, and once more when the controller is restarted on purpose', async (t) => {
    const { scene, proxy, start } = await createAway(t);
    scene.obey();
    const patches = () => proxy.count(PATCHES);
    let controller = await start();
    const restart = async (extra: Environment = {}) => {
      await controller.child.stop();
      controller = await start(extra);
      await controller.leads();
    };
    const goBack = async (epoch: number) => {
      await scene.cluster.setStatus({ targetPrimary: 'pg-1' });
      await scene.settled(EAST, epoch);
    };

    await t.test('at first', async () => {
      await scene.settled(WEST, 2);
      await scene.event('PreferredPrimaryRequested', (event) => event.note.includes(scene.nodes.west));
      await scene.event('PreferredPrimaryReached');
      assert.equal(patches(), 1);
    });
    await t.test('not after somebody moved the primary away', async () => {
      await goBack(3);
      await considered(controller);
      assert.equal(patches(), 1);
    });
    await t.test('not after a crash of the controller', async () => {
      controller.child.signal('SIGKILL');
      await restart();
      await considered(controller);
      assert.equal(patches(), 1);
    });
    await t.test('after a rollout restart, once', async () => {
      await createOwnPod(scene, 'controller-1', '2026-01-02T03:04:05Z');
      await restart({ POD_NAME: 'controller-1' });
      await scene.settled(WEST, 4);
      assert.equal(patches(), 2);
      await goBack(5);
      await restart({ POD_NAME: 'controller-1' });
      await considered(controller);
      assert.equal(patches(), 2);
    });
    await t.test('after the next rollout restart', async () => {
      await createOwnPod(scene, 'controller-2', '2026-02-03T04:05:06Z');
      await restart({ POD_NAME: 'controller-2' });
      await scene.settled(WEST, 6);
      assert.equal(patches(), 3);
    });
    await t.test('for a Cluster of the same name that is made again', async () => {
      const { cluster } = scene;
      for (const index of [0, 1]) await cluster.deleteInstance(cluster.instance(index));
      await cluster.delete();
      await scene.held('ClusterNotFound');
      await cluster.create();
      await scene.settled(WEST, 8);
      assert.equal(patches(), 4);
    });
  });

  test('needs no move when the primary is there already, also not after a failover', async (t) => {
    const { scene, proxy, start } = await createAway(t);
    scene.obey();
    await scene.moveTo(WEST);
    const controller = await start();
    await scene.settled(WEST, 1);
    await scene.event('PreferredPrimaryReached', (event) => event.note.includes('already'));
    await scene.operator.failover('pg-1');
    await scene.settled(EAST, 2);
    await considered(controller);
    assert.equal(proxy.count(PATCHES), 0);
  });

  test('is waited for while anything is in the way, and it is said what', async (t) => {
    const { scene, proxy, start } = await createAway(t);
    const { api, cluster, nodes } = scene;
    const { namespace } = cluster;
    scene.obey();
    const annotate = (value: string | null) =>
      api.patch(
        CLUSTERS,
        cluster,
        { metadata: { annotations: { 'cnpg.io/fencedInstances': value } } },
        { type: 'merge' },
      );
    const cordon = (unschedulable: boolean) =>
      api.patch(NODES, { name: nodes.west }, { spec: { unschedulable } }, { type: 'merge' });
    const backup: Backup = { metadata: { namespace, name: 'nightly' }, spec: { cluster: { name: 'pg' } } };
    /** In the order in which they are cleared away. */
    const obstacles: readonly (readonly [RegExp, () => Promise<unknown>, () => Promise<unknown>])[] = [
      [/^(?=.*is cordoned)/, () => cordon(true), () => cordon(false)],
      [
        /node west-\w+ is not Ready/,
        () => setNodeReady(api, nodes.west, false),
        () => setNodeReady(api, nodes.west, true),
      ],
      [/pg-2 is fenced/, () => annotate('["pg-2"]'), () => annotate(null)],
      [/pg-2 is not Ready/, () => cluster.setReady('pg-2', false), () => cluster.setReady('pg-2', true)],
      [
        /1 of 2 instances are ready/,
        () => cluster.setStatus({ readyInstances: 1 }),
        () => cluster.setStatus({ readyInstances: 2 }),
      ],
      [
        /Backup nightly is running/,
        () => api.create(BACKUPS, backup),
        () =>
          api.patch(
            BACKUPS,
            backup.metadata,
            { status: { phase: 'completed' } },
            { type: 'merge', subresource: 'status' },
          ),
      ],
    ];
    for (const [, block] of obstacles) await block();
    await start();
    for (const [index, [, , clear]] of obstacles.entries()) {
      const left = obstacles.slice(index).map(([text]) => text);
      const gone = obstacles.slice(0, index).map(([text]) => text);
      await scene.event(
        'PreferredPrimaryWaiting',
        (event) => left.every((text) => text.test(event.note)) && !gone.some((text) => text.test(event.note)),
      );
      assert.equal(proxy.count(PATCHES), 0);
      await clear();
    }
    await scene.settled(WEST, 2);
    assert.equal(proxy.count(PATCHES), 1);
  });

  test('is never asked for of a replica cluster, by whatever names its topology knows it', async (t) => {
    const { scene, proxy, start } = await createAway(t);
    scene.obey();
    await scene.cluster.setReplica({ self: 'dc-b', primary: 'pg', source: 'pg' });
    const controller = await start();
    await note(scene, /it is a replica cluster/);
    await scene.held('ReplicaCluster');
    await considered(controller);
    assert.equal(proxy.count(PATCHES), 0);
    await scene.cluster.setReplica({ self: 'dc-b', primary: 'dc-b', source: 'pg' });
    await scene.settled(WEST, 2);
    assert.equal(proxy.count(PATCHES), 1);
  });

  test('is asked for again when the server refused, as nothing was changed then', async (t) => {
    const { scene, proxy, start } = await createAway(t);
    scene.obey();
    const heal = proxy.inject(PATCHES, { kind: 'answer', status: 409 });
    await start();
    await note(scene, /the patch was refused/);
    heal();
    await scene.settled(WEST, 2);
  });

  test('is never asked for twice when no answer came, as nobody knows then', async (t) => {
    const { scene, proxy, start } = await createAway(t);
    proxy.inject(PATCHES, { kind: 'hang' });
    const controller = await start();
    await scene.event('PreferredPrimaryRequested');
    await controller.child.waitForLog(
      ({ msg, signal }) => msg === 'signal failed, retrying' && signal === 'preferred-primary',
      20_000,
    );
    await considered(controller);
    assert.equal(proxy.count(PATCHES), 1);
  });

  test('is not asked for a second time by the replica that takes over', async (t) => {
    const { scene, proxy, start } = await createAway(t);
    const first = await start({ POD_NAME: 'first' });
    const second = await start({ POD_NAME: 'second' });
    await untilAsked(scene, proxy);
    first.child.signal('SIGKILL');
    await second.leads();
    await considered(second);
    assert.equal(proxy.count(PATCHES), 1);
    scene.obey();
    await scene.settled(WEST, 2);
    await scene.event('PreferredPrimaryReached');
    assert.equal(proxy.count(PATCHES), 1);
  });

  test('does not stop the controller from following another move', async (t) => {
    const { scene, start } = await createAway(t);
    await setNodeReady(plane.api, scene.nodes.west, false);
    await start();
    await note(scene, /is not Ready/);
    await scene.moveTo(WEST);
    await scene.settled(WEST, 2);
    await scene.event('PreferredPrimaryReached', (event) => event.note.includes('already'));
  });
});

/** Resolves when the Cluster has been asked to move. */
async function untilAsked(scene: Scene, proxy: FaultProxy): Promise<void> {
  await scene.status.untilStatus('the move is under way', ({ reason }) => reason === 'Moving: to pg-2');
  assert.equal(proxy.count(PATCHES), 1);
}
