/** What the commands say from an installation until the first site is active. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { DEPLOYMENTS, STATEFUL_SETS } from '../../cli/cluster/workloads.ts';
import { runCli } from '../../cli/testing/terminal.ts';
import { CLUSTERS } from '../../cnpg/cluster.ts';
import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import { SIDECAR_CONTAINER } from '../../contract/sidecar.ts';
import { PODS, type Pod } from '../../kubernetes/resources.ts';
import { installController } from '../support/chart/install-controller.ts';
import { Checks } from '../support/checks.ts';
import { bind, sayStatus, unpulled } from '../support/kubelet-says.ts';
import { refusePods, UNSIGNED } from '../support/refusing-policy.ts';
import { createScene, WEST } from '../support/scene.ts';
import { createNamespace, createNodes } from '../support/seed.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { until } from '../support/until.ts';

const plane = await sharedControlPlane();
const { api } = plane;
const WAIT = { timeoutMs: 60_000 };
const env = { KUBECONFIG: plane.kubeconfig };
const IMAGE = 'registry.example.com/kube-site-follower:0.1.0';

/** What somebody reads who asks about that namespace, by each command. */
async function everyCommand(namespace: string): Promise<readonly string[]> {
  const here = ['-n', namespace];
  const commands = [
    ['check', ...here],
    ['status', ...here],
    ['status', '--watch', ...here],
    ['history', ...here],
    ['switchover', '--to', WEST, '--yes', ...here],
    ['explain', 'web', '--controller-namespace', namespace],
  ];
  const ran = await Promise.all(commands.map((args) => runCli(args, { env })));
  for (const { code, out } of ran) assert.deepEqual([code, out], [3, '']);
  return ran.map(({ err }) => err);
}

/** Until all of them say that. */
function allSay(namespace: string, wanted: RegExp): Promise<boolean> {
  return until(
    `all say ${wanted}`,
    async () => {
      for (const text of await everyCommand(namespace)) if (!wanted.test(text)) throw new Error(text);
      return true;
    },
    WAIT,
  );
}

test('nothing is installed: what to look at first, or where it is', { timeout: 120_000 }, async () => {
  const [empty, other] = await Promise.all([
    createNamespace(plane, 'empty'),
    createNamespace(plane, 'aa-other'),
  ]);
  for (const text of await everyCommand(empty))
    assert.match(text, new RegExp(`^The controller is not installed in namespace ${empty}: `));
  await installController(plane, other);
  await allSay(empty, /: it is in .*\. Say that with -n\.\n$/);
});

test('it is installed: what it waits for', { timeout: 180_000 }, async () => {
  const namespace = await createNamespace(plane, 'waits');
  await createNodes(api, [{ name: namespace, labels: {} }]);
  const name = await installController(plane, namespace);
  const said = `^The controller is installed in namespace ${namespace}, but has published no status yet`;
  await allSay(
    namespace,
    new RegExp(
      `${said}: pod ${name}-\\S+ is not ready, it has no node\\. Wait for it: kubectl -n ${namespace} rollout status deployment ${name}\n$`,
    ),
  );

  const pods = (await api.list(PODS, { namespace })).items;
  for (const pod of pods) {
    await bind(plane, pod, namespace);
    await sayStatus(plane, pod, { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] });
  }
  await allSay(
    namespace,
    new RegExp(
      `${said}, though 2 pods of it are ready\\. .* kubectl -n ${namespace} logs deployment/${name}\n$`,
    ),
  );

  await api.patch(DEPLOYMENTS, { namespace, name }, { spec: { replicas: 0 } }, { type: 'merge' });
  await allSay(
    namespace,
    new RegExp(`${said}: it is scaled to 0\\. .* scale deployment ${name} --replicas=2\n$`),
  );
});

/** A controller that has published a hold, as its Cluster is still to come. */
async function firstHold(t: TestContext) {
  const scene = await createScene(t, plane);
  await api.delete(CLUSTERS, scene.cluster);
  await scene.start();
  await scene.held('ClusterNotFound');
  return scene;
}

/** As the webhook makes it. */
async function injected(namespace: string, node: string): Promise<Pod> {
  const spec = {
    initContainers: [{ name: SIDECAR_CONTAINER, image: IMAGE, restartPolicy: 'Always' }],
    containers: [{ name: 'app', image: 'app:1' }],
  };
  const pod = await api.create(PODS, {
    metadata: {
      namespace,
      name: 'web',
      labels: { [LABELS.inject]: 'true' },
      annotations: { [ANNOTATIONS.status]: 'injected' },
    },
    spec,
  });
  await bind(plane, pod, node);
  return pod;
}

test('it holds, as there is no Cluster yet: no site is active', { timeout: 180_000 }, async (t) => {
  const { namespace, nodes, cluster } = await firstHold(t);
  const checks = new Checks(namespace, plane.kubeconfig);
  await checks.finds('controller', 'warning', /^ConfigMap /, /^no site is active yet: ClusterNotFound: /);

  const moved = await runCli(['switchover', '--to', WEST, '--yes', '-n', namespace], { env });
  assert.equal(moved.code, 3);
  assert.match(
    moved.err,
    new RegExp(
      `^There is no Cluster ${cluster.namespace}/pg, which follower default follows: .*ClusterNotFound: .* kubectl site-follower check -n ${namespace}\n$`,
    ),
  );

  const place = await createNamespace(plane, 'shop');
  await injected(place, nodes.east);
  const args = ['explain', 'web', '-n', place, '--controller-namespace', namespace];
  const explained = await runCli(args, { env });
  assert.equal(explained.code, 1);
  assert.match(
    explained.out.replaceAll(/\s+/g, ' '),
    /no site is active yet, so it counts as standby: ClusterNotFound: /,
  );
});

test('an image of the sidecar that nodes cannot pull, or a policy refuses', {
  timeout: 180_000,
}, async (t) => {
  const { namespace, nodes } = await firstHold(t);
  const checks = new Checks(namespace, plane.kubeconfig);
  const place = await createNamespace(plane, 'shop');
  const pod = await injected(place, nodes.east);
  await sayStatus(plane, pod, {
    phase: 'Pending',
    initContainerStatuses: [unpulled(SIDECAR_CONTAINER, IMAGE)],
  });
  const { action } = await checks.finds(
    'sidecars',
    'problem',
    new RegExp(`^Image ${IMAGE}$`),
    new RegExp(`^${nodes.east} cannot pull it \\(ImagePullBackOff: manifest unknown\\), .*: ${place}/web$`),
  );
  assert.match(action, /imagePullSecrets of these pods/);

  const refusing = await createNamespace(plane, 'signed');
  await refusePods(plane, refusing);
  const labels = { app: 'web', [LABELS.inject]: 'true' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'app', image: 'app:1' }] } };
  const spec = { selector: { matchLabels: { app: 'web' } }, template };
  await api.create(DEPLOYMENTS, { metadata: { namespace: refusing, name: 'web' }, spec });
  await api.create(STATEFUL_SETS, { metadata: { namespace: refusing, name: 'db' }, spec });
  const why = new RegExp(`^its pods are refused: .*${UNSIGNED}`);
  for (const about of [`Deployment ${refusing}/web`, `StatefulSet ${refusing}/db`])
    await checks.finds('sidecars', 'problem', new RegExp(`^${about}$`), why);
});
