import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { NODES } from '../../kubernetes/resources.ts';
import { ADDRESSES, createScene, EAST, type Scene, type Site, WEST } from '../support/scene.ts';
import { createNodes } from '../support/seed.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';

const plane = await sharedControlPlane();
const LABEL = 'example.com/place';

/** A controller whose sites are named by labels; no pass comes to its help. */
async function startWithSelectors(t: TestContext) {
  const scene = await createScene(t, plane);
  /** Nodes are everybody's, so the labels are this scene's own. */
  const place = (site: string) => `${site}-${scene.namespace}`;
  const sites: readonly Site[] = [EAST, WEST].map((name) => ({
    name,
    nodeSelector: `${LABEL}=${place(name)}`,
    ip: ADDRESSES[name as typeof EAST],
  }));
  const putInto = (node: string, site: string | null) => {
    const labels = { [LABEL]: site === null ? null : place(site) };
    return plane.api.patch(NODES, { name: node }, { metadata: { labels } }, { type: 'merge' });
  };
  await scene.start({ SITES: JSON.stringify(sites), RESYNC_SECONDS: '3600' });
  return { scene, putInto, place };
}

function untilSites({ status }: Scene, east: readonly string[], west: readonly string[]) {
  const wanted = JSON.stringify({ [EAST]: [...east].sort(), [WEST]: [...west].sort() });
  return status.untilStatus(
    `the nodes of the sites are ${wanted}`,
    ({ sites }) => JSON.stringify(sites) === wanted,
  );
}

test('sites that are named by labels follow their nodes as they join, change and leave', async (t) => {
  const { scene, putInto, place } = await startWithSelectors(t);
  const { east, west } = scene.nodes;

  await t.test('no node has a label: there is no site yet', async () => {
    const { activeSite, epoch } = await scene.held('NodeWithoutSite');
    assert.deepEqual([activeSite, epoch], ['', 0]);
  });
  await t.test('the node of the primary gets its label', async () => {
    await putInto(east, EAST);
    await scene.settled(EAST, 1);
    await untilSites(scene, [east], []);
  });
  await t.test('another node joins a site: its list grows, the epoch stays', async () => {
    await putInto(west, WEST);
    await untilSites(scene, [east], [west]);
    const name = `late-${scene.namespace}`;
    await createNodes(plane.api, [{ name, labels: { [LABEL]: place(WEST) } }]);
    await untilSites(scene, [east], [west, name]);
    await plane.api.delete(NODES, { name });
    const { epoch } = await untilSites(scene, [east], [west]);
    assert.equal(epoch, 1);
  });
  await t.test('a move is followed', async () => {
    await scene.moveTo(WEST);
    await scene.settled(WEST, 2);
  });
  await t.test('the node of the primary loses its label: the last site stays', async () => {
    await putInto(west, null);
    const { activeSite, epoch } = await scene.held('NodeWithoutSite');
    assert.deepEqual([activeSite, epoch], [WEST, 2]);
    await putInto(west, WEST);
    await scene.settled(WEST, 2);
  });
  await t.test('the node of the primary is given to the other site: that is a move', async () => {
    await putInto(west, EAST);
    await scene.settled(EAST, 3);
    await untilSites(scene, [east, west], []);
  });
});
