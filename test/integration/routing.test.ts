import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { LABELS, STATUS_CONFIGMAP } from '../../contract/names.ts';
import { PODS, type Pod } from '../../kubernetes/resources.ts';
import { CnpgOperator } from '../support/cnpg-operator.ts';
import { nativeSidecars, type PodManifest } from '../support/pod-runner/manifest.ts';
import { createWeb, DEPLOYMENTS } from '../support/pod-runner/web.ts';
import { bundleSidecar } from '../support/sidecar.ts';
import { letSidecarsRead } from '../support/sidecar-access.ts';
import { createTwoSiteScene, LIMIT_MS } from '../support/two-site-scene.ts';
import { nextPrimary, SITES, type SiteSetting } from '../support/two-sites.ts';
import { until } from '../support/until.ts';

const REPLICAS = 4;
const IN_SITE = REPLICAS / SITES.length;

const scene = await createTwoSiteScene();
const { plane, cluster, namespace, key } = scene;
await letSidecarsRead(plane, { namespace: scene.owner, name: STATUS_CONFIGMAP });
const folder = await mkdtemp(join(tmpdir(), 'routing-'));
scene.ends.defer(() => rm(folder, { recursive: true }));
const pods = await scene.runPods(await bundleSidecar(folder));
const { service, runner } = pods;
const routesTo = (...sites: readonly SiteSetting[]) => pods.routesTo(IN_SITE, ...sites);

function label(value: string | null) {
  const body = { metadata: { labels: { [LABELS.inject]: value } } };
  return plane.api.patch(DEPLOYMENTS, key, body, { type: 'merge' });
}

/** The node of each pod, as text to compare. */
const nodesIn = (sites: readonly SiteSetting[]) =>
  sorted(sites.flatMap(({ nodeName }) => Array.from({ length: IN_SITE }, () => nodeName)));

const sorted = (nodes: readonly string[]) => nodes.toSorted().join();

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
  const follow = async () => {
    const active = await scene.activeSite();
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
