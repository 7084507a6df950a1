import assert from 'node:assert/strict';
import { before, beforeEach, describe, test } from 'node:test';
import { ANNOTATIONS, LABELS, STATUS_CONFIGMAP } from '../../contract/names.ts';
import { ACTIVE_CONDITION } from '../../contract/routing.ts';
import { PODS } from '../../kubernetes/resources.ts';
import { createWeb, DEPLOYMENTS } from '../support/pod-runner/web.ts';
import { letSidecarsRead } from '../support/sidecar-access.ts';
import { createTwoSiteScene, LIMIT_MS } from '../support/two-site-scene.ts';
import { nextPrimary, SITES, type SiteSetting } from '../support/two-sites.ts';
import { until } from '../support/until.ts';

const REPLICAS = 4;
const IN_SITE = REPLICAS / SITES.length;

const scene = await createTwoSiteScene();
const { plane, cluster, namespace, key } = scene;
await letSidecarsRead(plane, { namespace: scene.owner, name: STATUS_CONFIGMAP });
const pods = await scene.runPods();
const { service } = pods;
const routesTo = (site: SiteSetting) => pods.routesTo(IN_SITE, site);

/** Whose sidecar is ready. */
const running = () =>
  pods.runner.pods.filter(({ sidecars }) => sidecars.some(({ state }) => state.ready)).length;

const scale = (replicas: number) =>
  plane.api.patch(DEPLOYMENTS, key, { spec: { replicas } }, { type: 'merge' });

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
      await until('no pod is left', () => pods.runner.pods.length === 0 || undefined, {
        timeoutMs: LIMIT_MS,
      });
      await scale(REPLICAS);
    }
    await routesTo(await scene.activeSite());
  });

  test('have a readiness gate and no probe for it, and are ready on the active site alone', async () => {
    const { items } = await plane.api.list(PODS, { namespace });
    for (const pod of items)
      assert.deepEqual(pod.spec?.readinessGates, [{ conditionType: ACTIVE_CONDITION }]);
  });

  test('follow the primary', async () => {
    for (let count = 0; count < 4; count += 1) await routesTo(await scene.move());
  });

  test('on a standby site stay out of the Service when their kubelet is restarted', async () => {
    const { site: standby } = await nextPrimary(cluster);
    const strays: string[] = [];
    const stop = service.onSeen(({ ready }) => {
      strays.push(...ready.filter(({ node }) => node === standby.nodeName).map(({ address }) => address));
    });
    await pods.restart();
    await until('all pods run again', () => running() === REPLICAS || undefined, { timeoutMs: LIMIT_MS });
    await routesTo(await scene.activeSite());
    stop();
    assert.deepEqual(strays, []);
  });

  test('stay as they are while no controller runs; new ones wait for it', async () => {
    const { site: standby } = await nextPrimary(cluster);
    const active = await scene.activeSite();
    await scene.controller.stop();
    await scale(REPLICAS + 2);
    await until('the new pods run', () => running() === REPLICAS + 2 || undefined, { timeoutMs: LIMIT_MS });
    await routesTo(active);
    await scene.move();
    await routesTo(active);
    await scene.startController('second');
    await service.until(
      ({ ready }) => ready.length === IN_SITE + 1 && ready.every(({ node }) => node === standby.nodeName),
      LIMIT_MS,
    );
  });
});
