import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import { siteLabel } from '../../contract/routing.ts';
import { PODS, SERVICES, type Service } from '../../kubernetes/resources.ts';
import { CnpgOperator } from '../support/cnpg-operator.ts';
import { startControlPlane } from '../support/control-plane.ts';
import { buildController, startController } from '../support/controller-process.ts';
import { startPodBinder } from '../support/pod-runner/binder.ts';
import { startPodRunner } from '../support/pod-runner/runner.ts';
import { ServiceWatch } from '../support/pod-runner/service-watch.ts';
import { createWeb } from '../support/pod-runner/web.ts';
import { createNamespace, installCnpgCrds } from '../support/seed.ts';
import {
  createClusterOnBothSites,
  EAST,
  followSettings,
  nextPrimary,
  SITES,
  type SiteSetting,
} from '../support/two-sites.ts';
import { until } from '../support/until.ts';

const LIMIT_MS = 60_000;
const REPLICAS = 4;
const IN_SITE = REPLICAS / SITES.length;
const SITE = siteLabel('default');
const FLIPS = 6;

// Its own: the API server is restarted, and each controller of a cluster has to do with all its Services.
const ends = new AsyncDisposableStack();
after(() => ends.disposeAsync());
const plane = await startControlPlane({ controllers: true });
ends.defer(() => plane.stop());
await installCnpgCrds(plane.api);
await buildController();

const cluster = await createClusterOnBothSites(plane, { namespace: 'postgres', name: 'pg-cluster' });
const settings = followSettings(plane.kubeconfig, 'postgres', cluster);
let controller = await startController({ ...settings, POD_NAME: 'first' });
ends.defer(() => controller.stop());

const namespace = await createNamespace(plane, 'apps');
const key = { namespace, name: 'web' };
let runner = await startPodRunner(plane, { namespace });
ends.defer(() => runner.stop());
const binder = startPodBinder(plane, { namespace, nodes: SITES.map(({ nodeName }) => nodeName) });
ends.defer(() => binder.stop());
const service = new ServiceWatch(plane.api, key);
ends.defer(() => service.stop());

const routesTo = (...sites: readonly SiteSetting[]) => {
  const wanted = sites.flatMap(({ nodeName }) => Array.from({ length: IN_SITE }, () => nodeName)).sort();
  return service.until(
    ({ ready }) =>
      ready
        .map(({ node }) => node)
        .toSorted()
        .join() === wanted.join(),
    LIMIT_MS,
  );
};

const stored = () => plane.api.get(SERVICES, key);

const selects = (selector: Readonly<Record<string, string>>) =>
  until(
    `the Service selects ${JSON.stringify(selector)}`,
    async () =>
      JSON.stringify(sorted((await stored()).spec?.selector)) === JSON.stringify(sorted(selector)) ||
      undefined,
    { timeoutMs: LIMIT_MS },
  );

const sorted = (selector: Readonly<Record<string, string>> | null | undefined) =>
  Object.entries(selector ?? {}).toSorted(([one], [other]) => one.localeCompare(other));

function label(value: string | null): Promise<Service> {
  return plane.api.patch(
    SERVICES,
    key,
    { metadata: { labels: { [LABELS.follow]: value } } },
    { type: 'merge' },
  );
}

async function flip(): Promise<SiteSetting> {
  const { to, site } = await nextPrimary(cluster);
  await Promise.all([new CnpgOperator(cluster).switchover(to), routesTo(site)]);
  return site;
}

describe('a Service that follows', () => {
  test('loses no pod by its label before those of the active site are known', async () => {
    await createWeb(plane.api, { ...key, replicas: REPLICAS });
    await routesTo(...SITES);
    const seen: number[] = [];
    const watching = service.until(({ ready }) => {
      seen.push(ready.length);
      return ready.length === IN_SITE;
    }, LIMIT_MS);
    await label('true');
    await watching;
    await routesTo(EAST);
    assert.ok(Math.min(...seen) >= IN_SITE, `it had ${seen.join()} endpoints`);
    await selects({ app: 'web', [SITE]: EAST.name });
  });

  test('moves in one step, and its pods stay ready on both sites', async () => {
    for (let move = 0; move < FLIPS; move += 1) {
      const steps: string[] = [];
      const stop = service.onSeen(({ ready }) => {
        steps.push([...new Set(ready.map(({ node }) => node))].join('+'));
      });
      const site = await flip();
      stop();
      const [before, last] = [steps.filter((nodes) => nodes !== site.nodeName), steps.at(-1)];
      assert.equal(last, site.nodeName);
      assert.deepEqual(before, [], 'between the two there was nothing else');
    }
    const { items } = await plane.api.list(PODS, { namespace });
    const ready = items.filter(({ status }) =>
      status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True'),
    );
    assert.equal(ready.length, REPLICAS);
  });

  test('is right in the end, whoever applies its manifest meanwhile', async () => {
    const manifest = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...key, labels: { [LABELS.follow]: 'true' } },
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
    };
    const apply = () =>
      plane.api.patch(SERVICES, key, manifest, { type: 'apply', fieldManager: 'gitops', force: true });
    for (let move = 0; move < FLIPS; move += 1) {
      const [site] = await Promise.all([flip(), apply(), apply()]);
      await apply();
      await selects({ app: 'web', [SITE]: site.name });
      await routesTo(site);
    }
  });

  test('that loses its pods on the active site routes to any after its delay, and back by itself', async () => {
    const site = await activeSite();
    const annotate = (onEmpty: string | null, after: string | null) => {
      const annotations = { [ANNOTATIONS.onEmpty]: onEmpty, [ANNOTATIONS.onEmptyAfter]: after };
      return plane.api.patch(SERVICES, key, { metadata: { annotations } }, { type: 'merge' });
    };
    await annotate('any-site', '1');
    await runner.stop();
    const { items } = await plane.api.list(PODS, { namespace });
    const here = items.filter(({ spec }) => spec?.nodeName === site.nodeName);
    await Promise.all(here.map(({ metadata: { name } }) => setReady(name, 'False')));
    await selects({ app: 'web' });
    const gauge = { follower: 'default', state: 'any-site' };
    await controller.untilMetric('kube_site_follower_followed_services', gauge, 1);
    await Promise.all(here.map(({ metadata: { name } }) => setReady(name, 'True')));
    await selects({ app: 'web', [SITE]: site.name });
    await annotate(null, null);
    runner = await startPodRunner(plane, { namespace });
    await routesTo(site);
  });

  test('is moved by the next controller when the one that led was killed', async () => {
    controller.child.signal('SIGKILL');
    const { to, site } = await nextPrimary(cluster);
    await new CnpgOperator(cluster).switchover(to);
    controller = await startController({ ...settings, POD_NAME: 'second' });
    await routesTo(site);
    await selects({ app: 'web', [SITE]: site.name });
  });

  test('has its selector as before when the label is taken away', async () => {
    await label(null);
    await selects({ app: 'web' });
    await routesTo(...SITES);
    const { annotations = {} } = (await stored()).metadata;
    assert.equal(annotations[ANNOTATIONS.epoch], undefined);
  });

  test('has it too when that happens while no controller runs', async () => {
    await label('true');
    await selects({ app: 'web', [SITE]: (await activeSite()).name });
    await controller.stop();
    await label('false');
    controller = await startController({ ...settings, POD_NAME: 'third' });
    await selects({ app: 'web' });
  });
});

function setReady(name: string, status: 'True' | 'False') {
  const body = { status: { conditions: [{ type: 'Ready', status }] } };
  return plane.api.patch(PODS, { namespace, name }, body, { type: 'strategic', subresource: 'status' });
}

async function activeSite(): Promise<SiteSetting> {
  const { site } = await nextPrimary(cluster);
  const active = SITES.find(({ name }) => name !== site.name);
  assert.ok(active);
  return active;
}
