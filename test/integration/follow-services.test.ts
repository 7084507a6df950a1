import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import { siteLabel } from '../../contract/routing.ts';
import { PODS, SERVICES, type Service } from '../../kubernetes/resources.ts';
import { createWeb } from '../support/pod-runner/web.ts';
import { createTwoSiteScene, LIMIT_MS } from '../support/two-site-scene.ts';
import { SITES, type SiteSetting } from '../support/two-sites.ts';
import { until } from '../support/until.ts';

const REPLICAS = 4;
const IN_SITE = REPLICAS / SITES.length;
const SITE = siteLabel('default');
const FLIPS = 6;

const scene = await createTwoSiteScene({ hasWebhook: false });
const { plane, namespace, key } = scene;
const pods = await scene.runPods();
const { service } = pods;
const routesTo = (...sites: readonly SiteSetting[]) => pods.routesTo(IN_SITE, ...sites);

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

/** To the other site, with the Service. */
async function flip(): Promise<SiteSetting> {
  const site = await scene.move();
  await routesTo(site);
  return site;
}

/** It follows, whatever came before. */
async function follow(): Promise<SiteSetting> {
  await label('true');
  const site = await scene.activeSite();
  await selects({ app: 'web', [SITE]: site.name });
  await routesTo(site);
  return site;
}

describe('a Service that follows', () => {
  before(() => createWeb(plane.api, { ...key, replicas: REPLICAS }));

  test('loses no pod by its label before those of the active site are known', async () => {
    const active = await scene.activeSite();
    await label(null);
    await routesTo(...SITES);
    const seen: number[] = [];
    const watching = service.until(({ ready }) => {
      seen.push(ready.length);
      return ready.length === IN_SITE;
    }, LIMIT_MS);
    await label('true');
    await watching;
    await routesTo(active);
    assert.ok(Math.min(...seen) >= IN_SITE, `it had ${seen.join()} endpoints`);
    await selects({ app: 'web', [SITE]: active.name });
  });

  test('moves in one step, and its pods stay ready on both sites', async () => {
    await follow();
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
    await follow();
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
    const site = await follow();
    const annotate = (onEmpty: string | null, after: string | null) => {
      const annotations = { [ANNOTATIONS.onEmpty]: onEmpty, [ANNOTATIONS.onEmptyAfter]: after };
      return plane.api.patch(SERVICES, key, { metadata: { annotations } }, { type: 'merge' });
    };
    await annotate('any-site', '1');
    await pods.runner.stop();
    const { items } = await plane.api.list(PODS, { namespace });
    const here = items.filter(({ spec }) => spec?.nodeName === site.nodeName);
    await Promise.all(here.map(({ metadata: { name } }) => setReady(name, 'False')));
    await selects({ app: 'web' });
    const gauge = { follower: 'default', state: 'any-site' };
    await scene.controller.untilMetric('kube_site_follower_followed_services', gauge, 1);
    await Promise.all(here.map(({ metadata: { name } }) => setReady(name, 'True')));
    await selects({ app: 'web', [SITE]: site.name });
    await annotate(null, null);
    await pods.restart();
    await routesTo(site);
  });

  test('is moved by the next controller when the one that led was killed', async () => {
    await follow();
    scene.controller.child.signal('SIGKILL');
    const site = await scene.move();
    await scene.startController('second');
    await routesTo(site);
    await selects({ app: 'web', [SITE]: site.name });
  });

  test('has its selector as before when the label is taken away', async () => {
    await follow();
    await label(null);
    await selects({ app: 'web' });
    await routesTo(...SITES);
    const { annotations = {} } = (await stored()).metadata;
    assert.equal(annotations[ANNOTATIONS.epoch], undefined);
  });

  test('has it too when that happens while no controller runs', async () => {
    await follow();
    await scene.controller.stop();
    await label('false');
    await scene.startController('third');
    await selects({ app: 'web' });
  });
});

function setReady(name: string, status: 'True' | 'False') {
  const body = { status: { conditions: [{ type: 'Ready', status }] } };
  return plane.api.patch(PODS, { namespace, name }, body, { type: 'strategic', subresource: 'status' });
}
