import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { LABELS, STATUS_CONFIGMAP } from '../../contract/names.ts';
import { PODS, type Pod } from '../../kubernetes/resources.ts';
import { CnpgOperator } from '../support/cnpg-operator.ts';
import { startControlPlane } from '../support/control-plane.ts';
import { buildController, startController } from '../support/controller-process.ts';
import { startPodBinder } from '../support/pod-runner/binder.ts';
import { nativeSidecars, type PodManifest } from '../support/pod-runner/manifest.ts';
import { startPodRunner } from '../support/pod-runner/runner.ts';
import { ServiceWatch } from '../support/pod-runner/service-watch.ts';
import { createWeb, DEPLOYMENTS } from '../support/pod-runner/web.ts';
import { installCnpgCrds } from '../support/seed.ts';
import { bundleSidecar } from '../support/sidecar.ts';
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

// Its own, as each controller of a cluster makes copies in all namespaces with injected pods.
const ends = new AsyncDisposableStack();
after(() => ends.disposeAsync());
const plane = await startControlPlane({ controllers: true });
ends.defer(() => plane.stop());
await installCnpgCrds(plane.api);
await buildController();

const scene = await createWebhookScene({ after: (end) => ends.defer(async () => void (await end())) }, plane);
await scene.start(1);
const cluster = await createClusterOnBothSites(plane, { namespace: 'postgres', name: 'pg-cluster' });
const controller = await startController(followSettings(plane.kubeconfig, scene.namespace, cluster));
ends.defer(() => controller.stop());
await letSidecarsRead(plane, { namespace: scene.namespace, name: STATUS_CONFIGMAP });
await scene.ready(1);

const folder = await mkdtemp(join(tmpdir(), 'routing-'));
ends.defer(() => rm(folder, { recursive: true }));
const { pods: namespace } = scene;
const key = { namespace, name: 'web' };
const runner = await startPodRunner(plane, { namespace, bundle: await bundleSidecar(folder) });
ends.defer(() => runner.stop());
const binder = startPodBinder(plane, { namespace, nodes: SITES.map(({ nodeName }) => nodeName) });
ends.defer(() => binder.stop());
const service = new ServiceWatch(plane.api, key);
ends.defer(() => service.stop());

function label(value: string | null) {
  const body = { metadata: { labels: { [LABELS.inject]: value } } };
  return plane.api.patch(DEPLOYMENTS, key, body, { type: 'merge' });
}

/** The node of each pod, as text to compare. */
const nodesIn = (sites: readonly SiteSetting[]) =>
  sorted(sites.flatMap(({ nodeName }) => Array.from({ length: IN_SITE }, () => nodeName)));

const sorted = (nodes: readonly string[]) => nodes.toSorted().join();

const routesTo = (...sites: readonly SiteSetting[]) =>
  service.until(({ ready }) => sorted(ready.map(({ node }) => node)) === nodesIn(sites), LIMIT_MS);

/** All pods run, with or without the sidecar, and are ready on these sites alone. */
const podsAre = (kind: 'with' | 'without', ...sites: readonly SiteSetting[]) =>
  until(
    `all pods are ${kind} the sidecar, and ready on ${sites.map(({ name }) => name).join()}`,
    async () => {
      const { items } = await plane.api.list(PODS, { namespace });
      const isInjected = (pod: Pod) => nativeSidecars(pod as PodManifest).length === 1;
      const isReady = ({ status }: Pod) =>
        status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True');
      const run = items.filter((pod) => pod.status?.phase === 'Running');
      const areThere = [items, run].every(({ length }) => length === REPLICAS);
      const areSo = items.every((pod) => isInjected(pod) === (kind === 'with'));
      const ready = sorted(items.filter(isReady).map(({ spec }) => spec?.nodeName ?? ''));
      return (areThere && areSo && ready === nodesIn(sites)) || undefined;
    },
    { timeoutMs: LIMIT_MS },
  );

describe('a Service of pods on both sites', () => {
  const activeSite = async () => {
    const { site: standby } = await nextPrimary(cluster);
    const active = SITES.find(({ name }) => name !== standby.name);
    assert.ok(active);
    return active;
  };
  const follow = async () => {
    const active = await activeSite();
    await label('true');
    await podsAre('with', active);
    await routesTo(active);
    return active;
  };
  before(() => createWeb(plane.api, { ...key, replicas: REPLICAS }));

  test('routes to all of them while they have no sidecar', async () => {
    await label(null);
    await routesTo(...SITES);
  });

  test('routes to the active site once the Deployment has the label', async () => {
    await follow();
  });

  test('follows the primary', async () => {
    await follow();
    for (const _ of SITES) {
      const { to, site } = await nextPrimary(cluster);
      const [{ sentAt }, at] = await Promise.all([new CnpgOperator(cluster).switchover(to), routesTo(site)]);
      assert.ok(at > sentAt, 'it went there before the primary did');
    }
  });

  test('loses a pod whose sidecar has ended, and has it back when that is started again', async () => {
    const active = await follow();
    const pod = runner.pods.find(({ pod: { spec } }) => spec.nodeName === active.nodeName);
    const [sidecar] = pod?.sidecars ?? [];
    assert.ok(sidecar?.process);
    sidecar.process.signal('SIGKILL');
    await service.until(({ ready }) => ready.every(({ address }) => address !== pod?.address.ip), LIMIT_MS);
    await routesTo(active);
    assert.equal(sidecar.state.restartCount, 1);
  });

  test('routes to all of them again when the label is taken away', async () => {
    await follow();
    await label(null);
    await podsAre('without', ...SITES);
    await routesTo(...SITES);
  });
});
