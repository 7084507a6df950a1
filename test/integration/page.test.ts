import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LABELS } from '../../contract/names.ts';
import { PODS, type Pod } from '../../kubernetes/resources.ts';
import { open, startBrowser } from '../support/browser.ts';
import { createScene, EAST, WEST } from '../support/scene.ts';
import { createNamespace } from '../support/seed.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';

const plane = await sharedControlPlane();

test('whoever looks at the page of the shipped program sees a failover within a second', async (t) => {
  const [scene, browser, app] = await Promise.all([
    createScene(t, plane),
    startBrowser(),
    createNamespace(plane, 'app'),
  ]);
  t.after(() => browser.close());
  const controller = await scene.startAndSettle();
  const { page, troubles, requests } = await open(browser);
  await page.goto(controller.url);
  await page.waitForSelector('#link[data-state=live]');
  const active = page.locator('.active');
  assert.match((await active.textContent()) ?? '', new RegExp(`^${EAST}\\s+Settled$`));

  await scene.moveTo(WEST);
  await active.filter({ hasText: WEST }).waitFor({ timeout: 1_000 });
  await page.locator('.site.is-active', { hasText: scene.nodes.west }).waitFor();
  await page.locator('tbody tr', { hasText: `${WEST} from ${EAST}` }).waitFor({ timeout: 5_000 });

  // A pod that asked for the sidecar and was created without a webhook.
  await plane.api.create<Pod>(PODS, {
    metadata: { namespace: app, name: 'web', labels: { [LABELS.inject]: 'true' } },
    spec: { nodeName: scene.nodes.west, containers: [{ name: 'web', image: 'web' }] },
  } as Pod);
  await page.locator('.site.is-active', { hasText: '1 without the sidecar' }).waitFor({ timeout: 5_000 });

  assert.deepEqual(troubles, []);
  assert.deepEqual(
    requests.filter((url) => !url.startsWith(controller.url)),
    [],
  );
});
