import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LABELS } from '../../contract/names.ts';
import type { HoldReason } from '../../contract/reasons.ts';
import { ACTIVE_CONDITION, siteLabel } from '../../contract/routing.ts';
import { NODES, PODS, SERVICES } from '../../kubernetes/resources.ts';
import { ADDRESSES, createScene, EAST, WEST } from '../support/scene.ts';
import { createNamespace, createNodes } from '../support/seed.ts';
import { ownControlPlane } from '../support/shared-control-plane.ts';
import { until } from '../support/until.ts';

const ZONE = 'example.com/zone';
const APP = { app: 'web' };
const SITE = siteLabel('default');
const LIMIT = { timeoutMs: 30_000 };

// Its own, as each controller of a cluster has to do with all gated pods and all Services that follow.
const plane = await ownControlPlane();
const { api } = plane;

test('a node of the active site that loses its label, or comes again, takes nothing from its pods', async (t) => {
  const scene = await createScene(t, plane);
  const { east, west } = scene.nodes;
  const namespace = await createNamespace(plane, 'shop');
  const service = { namespace, name: 'web' };
  const zone = (node: string, value: string | null) =>
    api.patch(NODES, { name: node }, { metadata: { labels: { [ZONE]: value } } }, { type: 'merge' });

  /** Resolves when the controller has set its condition and its label: whatever was to be done before is done. */
  async function createPod(name: string, nodeName: string, active: 'True' | 'False'): Promise<void> {
    const labels = { ...APP, [LABELS.gate]: 'condition' };
    const spec = { nodeName, containers: [{ name: 'app', image: 'app' }] };
    await api.create(PODS, { metadata: { namespace, name, labels }, spec });
    const ready = { status: { conditions: [{ type: 'Ready', status: 'True' }] } };
    const options = { type: 'strategic', subresource: 'status' } as const;
    await api.patch(PODS, { namespace, name }, ready, options);
    const look = async () => {
      const { metadata, status } = await api.get(PODS, { namespace, name });
      const condition = status?.conditions?.find(({ type }) => type === ACTIVE_CONDITION);
      const isLabelled = metadata.labels?.[SITE] === (active === 'True' ? EAST : WEST);
      return (condition?.status === active && isLabelled) || undefined;
    };
    await until(`pod ${name} is gated and labelled`, look, LIMIT);
  }

  await Promise.all([zone(east, 'a'), zone(west, 'b')]);
  const metadata = { ...service, labels: { [LABELS.follow]: 'true' } };
  const spec = { selector: APP, ports: [{ port: 80 }] };
  await api.create(SERVICES, { metadata, spec });
  const settings = {
    SITES: JSON.stringify([
      { name: EAST, nodeSelector: `${ZONE} in (a, ab)`, ip: ADDRESSES[EAST] },
      { name: WEST, nodeSelector: `${ZONE} in (b, ab)`, ip: ADDRESSES[WEST] },
    ]),
  };
  const first = await scene.start({ ...settings, POD_NAME: 'first' });
  await scene.settled(EAST, 1);
  await createPod('east', east, 'True');
  await createPod('west', west, 'False');
  const isRouted = async () =>
    (await api.get(SERVICES, service)).spec?.selector?.[SITE] === EAST || undefined;
  await until('the Service routes to the east', isRouted, LIMIT);

  const versions = async () => {
    const pods = ['east', 'west'].map((name) => api.get(PODS, { namespace, name }));
    const objects = await Promise.all([...pods, api.get(SERVICES, service)]);
    return objects.map(({ metadata }) => metadata.resourceVersion);
  };
  const untouched = await versions();
  async function assertHeld(reason: HoldReason, probe: string): Promise<void> {
    const { sites, activeSite, epoch } = await scene.held(reason);
    assert.deepEqual(sites, { [EAST]: [east], [WEST]: [west] });
    assert.deepEqual([activeSite, epoch], [EAST, 1]);
    await createPod(probe, west, 'False');
    assert.deepEqual(await versions(), untouched, 'somebody has written to the pods or to the Service');
  }

  await t.test('the label is taken away', async () => {
    await zone(east, null);
    await assertHeld('NodeWithoutSite', 'probe-1');
    const { note } = await scene.event('NodeKept');
    assert.ok(note.startsWith(`node ${east} matches no site any more and is kept in ${EAST}`), note);
  });
  await t.test('the node is gone', async () => {
    await api.delete(NODES, { name: east });
    await assertHeld('NodeNotFound', 'probe-2');
  });
  await t.test('another controller leads', async () => {
    await first.child.stop(10_000);
    await scene.start({ ...settings, POD_NAME: 'second' });
    await createPod('probe-3', west, 'False');
    await assertHeld('NodeNotFound', 'probe-4');
  });
  await t.test('the node comes again without its label', async () => {
    await createNodes(api, [{ name: east }]);
    await assertHeld('NodeWithoutSite', 'probe-5');
  });
  await t.test('two sites claim it', async () => {
    await zone(east, 'ab');
    await assertHeld('NodeInSeveralSites', 'probe-6');
  });
  await t.test('its label is as before', async () => {
    await zone(east, 'a');
    await scene.settled(EAST, 1);
    assert.deepEqual(await versions(), untouched);
  });
});
