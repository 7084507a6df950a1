import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { STATUS_CONFIGMAP } from '../../contract/names.ts';
import { loadConfig } from '../../controller/config.ts';
import { rightsOf } from '../../controller/rights.ts';
import { CONFIG_MAPS, NODES } from '../../kubernetes/resources.ts';
import type { Permission, RbacVerb } from '../../runtime/rights.ts';
import type { User } from '../support/control-plane-access.ts';
import type { ControllerProcess, Environment } from '../support/controller-process.ts';
import { askForCopy, exerciseCopy, exerciseFollowing } from '../support/exercise.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import type { Verb } from '../support/proxy/target.ts';
import { grant } from '../support/rbac.ts';
import { Registrar } from '../support/registrar.ts';
import { ADDRESSES, createScene, EAST, type Scene, WEST } from '../support/scene.ts';
import { createNamespace } from '../support/seed.ts';
import { ownControlPlane } from '../support/shared-control-plane.ts';

/** Every controller of a cluster serves all namespaces that ask, so here there is one controller at a time. */
const plane = await ownControlPlane();

const SEEN_AS: Partial<Readonly<Record<RbacVerb, Verb>>> = { update: 'replace' };

interface Restricted {
  readonly scene: Scene;
  readonly user: User;
  readonly rights: readonly Permission[];
}

/** A scene, and a user who may do there what the table says of these settings, unless it is `left` out. */
async function createRestricted(
  t: TestContext,
  settings: (scene: Scene) => Environment = () => ({}),
  left: (right: Permission) => boolean = () => false,
): Promise<Restricted> {
  const scene = await createScene(t, plane);
  const user = { name: `controller-of-${scene.namespace}` };
  const loaded = loadConfig({ ...(await scene.environment()), ...settings(scene) }, () => '');
  assert.ok(loaded.ok);
  const [follower] = loaded.value.followers;
  const rights = rightsOf(follower, { namespace: scene.namespace, configMapName: STATUS_CONFIGMAP }).filter(
    (right) => !left(right),
  );
  await grant(plane, { user, rights });
  return { scene, user, rights };
}

async function assertNeverForbidden(controller: ControllerProcess): Promise<void> {
  assert.equal(await controller.metric('kube_site_follower_kube_api_calls_total', { status: '403' }), 0);
  const { code } = await controller.child.stop();
  assert.equal(code, 0);
  const refused = controller.child.lines.filter((line) => /forbidden/i.test(line));
  assert.deepEqual(refused, []);
}

describe('the rights of the controller', () => {
  test('are enough for the simple configuration', async (t) => {
    const registrar = await Registrar.start(t, ADDRESSES[WEST]);
    const { scene, user } = await createRestricted(t, () => registrar.environment);
    const controller = await scene.startAndSettle(registrar.environment, { user });
    await registrar.pointsTo(ADDRESSES[EAST]);
    await exerciseCopy(t, plane, scene, async () => {
      await scene.moveTo(WEST);
      await scene.settled(WEST, 2);
    });
    await scene.event('SiteChanged');
    await exerciseFollowing(plane, scene);
    await assertNeverForbidden(controller);
  });

  test('are enough for node selectors, a preferred node and labels of nodes, and each of them is needed', async (t) => {
    const settings = ({ namespace, nodes }: Scene) => ({
      SITES: JSON.stringify(
        [EAST, WEST].map((name) => ({ name, nodeSelector: `example.com/site=${name}-${namespace}` })),
      ),
      PREFERRED_PRIMARY_NODE: nodes.west,
      NODE_LABEL: 'true',
    });
    const { scene, user, rights } = await createRestricted(t, settings);
    const proxy = await startFaultProxy(plane);
    t.after(() => proxy.stop());
    const { east, west } = scene.nodes;
    for (const [node, site] of [
      [east, EAST],
      [west, WEST],
    ] as const) {
      const labels = { 'example.com/site': `${site}-${scene.namespace}` };
      await plane.api.patch(NODES, { name: node }, { metadata: { labels } }, { type: 'merge' });
    }
    const foreign = await createNamespace(plane, 'app');
    await plane.api.create(CONFIG_MAPS, { metadata: { namespace: foreign, name: STATUS_CONFIGMAP } });
    scene.obey();
    const controller = await scene.start(settings(scene), { user, server: proxy.url });
    await scene.settled(WEST, 2);
    await askForCopy(plane, foreign, 'true');
    await scene.event('CopyRefused');
    await exerciseCopy(t, plane, scene, async () => {
      await scene.moveTo(EAST);
      await scene.settled(EAST, 3);
    });
    await exerciseFollowing(plane, scene);
    await assertNeverForbidden(controller);

    const unused = rights.flatMap(({ resource, verbs }) =>
      verbs
        .filter(
          (verb) =>
            proxy.count({ verbs: [SEEN_AS[verb] ?? (verb as Verb)], resource: plural(resource) }) === 0,
        )
        .map((verb) => `${verb} ${resource}`),
    );
    assert.deepEqual(unused, []);
    for (const { reason } of rights) assert.match(reason, /^[A-Z].*\.$/);
  });

  test('that lack one are missed aloud: the status holds, and the Event says forbidden', async (t) => {
    const { scene, user } = await createRestricted(t, undefined, ({ resource }) => resource === 'clusters');
    await scene.start({}, { user });
    await scene.held('ApiError');
    const { note } = await scene.event('PrimaryUnknown');
    assert.match(note, /clusters.*forbidden.*permissions/s);
    assert.ok(note.includes(user.name), note);
  });
});

function plural(resource: string): string {
  return resource.split('/')[0] ?? resource;
}
