import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { ANNOTATIONS, LABELS, STATUS_CONFIGMAP } from '../../contract/names.ts';
import { ACTIVE_CONDITION } from '../../contract/routing.ts';
import { PODS } from '../../kubernetes/resources.ts';
import { CnpgOperator } from '../support/cnpg-operator.ts';
import { startControlPlane } from '../support/control-plane.ts';
import { buildController, startController } from '../support/controller-process.ts';
import { startPodBinder } from '../support/pod-runner/binder.ts';
import { startPodRunner } from '../support/pod-runner/runner.ts';
import { ServiceWatch } from '../support/pod-runner/service-watch.ts';
import { createWeb, DEPLOYMENTS } from '../support/pod-runner/web.ts';
import { installCnpgCrds } from '../support/seed.ts';
import { letSidecarsRead } from '../support/sidecar-access.ts';
import {
  createClusterOnBothSites,
  followSettings,
  nextPrimary,
  SITES,
  type SiteSetting,
} from '../support/two-sites.ts';
import { until } from '../support/until.ts';
import { createWebhookScene } from '../support/webhook-process.ts';

const LIMIT_MS = 60_000;
const REPLICAS = 4;
const IN_SITE = REPLICAS / SITES.length;

// Its own, as each controller of a cluster has to do with all gated pods.
const ends = new AsyncDisposableStack();
after(() => ends.disposeAsync());
const plane = await startControlPlane({ controllers: true });
ends.defer(() => plane.stop());
await installCnpgCrds(plane.api);
await buildController();

const scene = await createWebhookScene({ after: (end) => ends.defer(async () => void (await end())) }, plane);
await scene.start(1);
const cluster = await createClusterOnBothSites(plane, { namespace: 'postgres', name: 'pg-cluster' });
const settings = followSettings(plane.kubeconfig, scene.namespace, cluster);
let controller = await startController({ ...settings, POD_NAME: 'first' });
ends.defer(() => controller.stop());
await letSidecarsRead(plane, { namespace: scene.namespace, name: STATUS_CONFIGMAP });
await scene.ready(1);

const { pods: namespace } = scene;
const key = { namespace, name: 'web' };
let runner = await startPodRunner(plane, { namespace });
ends.defer(() => runner.stop());
const binder = startPodBinder(plane, { namespace, nodes: SITES.map(({ nodeName }) => nodeName) });
ends.defer(() => binder.stop());
const service = new ServiceWatch(plane.api, key);
ends.defer(() => service.stop());

const routesTo = ({ nodeName }: SiteSetting) =>
  service.until(
    ({ ready }) => ready.length === IN_SITE && ready.every(({ node }) => node === nodeName),
    LIMIT_MS,
  );

async function move(): Promise<SiteSetting> {
  const { to, site } = await nextPrimary(cluster);
  await new CnpgOperator(cluster).switchover(to);
  return site;
}

const scale = (replicas: number) =>
  plane.api.patch(DEPLOYMENTS, key, { spec: { replicas } }, { type: 'merge' });

async function activeSite(): Promise<SiteSetting> {
  const { site: standby } = await nextPrimary(cluster);
  const active = SITES.find(({ name }) => name !== standby.name);
  assert.ok(active);
  return active;
}

describe('pods that are gated by a condition', () => {
  before(() =>
    createWeb(plane.api, {
      ...key,
      replicas: REPLICAS,
      labels: { [LABELS.inject]: 'true' },
      annotations: { [ANNOTATIONS.gate]: 'condition' },
    }),
  );

  beforeEach(async () => {
    if ((await plane.api.get(DEPLOYMENTS, key)).spec.replicas !== REPLICAS) {
      await scale(0);
      await until('no pod is left', () => runner.pods.length === 0 || undefined, { timeoutMs: LIMIT_MS });
      await scale(REPLICAS);
    }
    await routesTo(await activeSite());
  });

  test('have a readiness gate and no probe for it, and are ready on the active site alone', async () => {
    const { items } = await plane.api.list(PODS, { namespace });
    for (const pod of items)
      assert.deepEqual(pod.spec?.readinessGates, [{ conditionType: ACTIVE_CONDITION }]);
  });

  test('follow the primary', async () => {
    for (let count = 0; count < 4; count += 1) await routesTo(await move());
  });

  test('on a standby site stay out of the Service when their kubelet is restarted', async () => {
    const { site: standby } = await nextPrimary(cluster);
    const strays: string[] = [];
    const stop = service.onSeen(({ ready }) => {
      strays.push(...ready.filter(({ node }) => node === standby.nodeName).map(({ address }) => address));
    });
    await runner.stop();
    runner = await startPodRunner(plane, { namespace });
    await until(
      'all pods run again',
      () =>
        runner.pods.filter(({ sidecars }) => sidecars.some(({ state }) => state.ready)).length === REPLICAS ||
        undefined,
      { timeoutMs: LIMIT_MS },
    );
    await routesTo(await activeSite());
    stop();
    assert.deepEqual(strays, []);
  });

  test('stay as they are while no controller runs; new ones wait for it', async () => {
    const { site: standby } = await nextPrimary(cluster);
    const active = await activeSite();
    await controller.stop();
    await scale(REPLICAS + 2);
    await until(
      'the new pods run',
      () =>
        runner.pods.filter(({ sidecars }) => sidecars.some(({ state }) => state.ready)).length ===
          REPLICAS + 2 || undefined,
      { timeoutMs: LIMIT_MS },
    );
    await routesTo(active);
    await move();
    await routesTo(active);
    controller = await startController({ ...settings, POD_NAME: 'second' });
    await service.until(
      ({ ready }) => ready.length === IN_SITE + 1 && ready.every(({ node }) => node === standby.nodeName),
      LIMIT_MS,
    );
  });
});
