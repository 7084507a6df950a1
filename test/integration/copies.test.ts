import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { LABELS, STATUS_CONFIGMAP } from '../../contract/names.ts';
import type { KubeObject } from '../../kubernetes/api.ts';
import { CONFIG_MAPS, NAMESPACES, PODS } from '../../kubernetes/resources.ts';
import { ConfigMapHistory } from '../support/config-map-history.ts';
import { createScene, EAST, type Scene, WEST } from '../support/scene.ts';
import { createNamespace } from '../support/seed.ts';
import { ownControlPlane } from '../support/shared-control-plane.ts';

/** Every controller of a cluster serves all namespaces that ask, so here there is one controller at a time. */
const plane = await ownControlPlane();

/** A namespace of an application, and what becomes of the copy in it. */
async function createApp(t: TestContext): Promise<ConfigMapHistory> {
  const namespace = await createNamespace(plane, 'app');
  const copy = await ConfigMapHistory.start(plane.api, { namespace, name: STATUS_CONFIGMAP });
  t.after(() => copy.stop());
  return copy;
}

function label(namespace: string, value: string | null): Promise<KubeObject> {
  const body = { metadata: { labels: { [LABELS.status]: value } } };
  return plane.api.patch(NAMESPACES, { name: namespace }, body, { type: 'merge' });
}

const isLike = (scene: Scene) => (version: { readonly data: Readonly<Record<string, string>> }) =>
  JSON.stringify(version.data) === JSON.stringify(scene.status.last?.data);

const isGone = ({ object }: { readonly object: unknown }) => object === undefined;

describe('copies of the status', () => {
  test('are in the namespaces that ask for one, follow each move, and go when they are not wanted', async (t) => {
    const scene = await createScene(t, plane);
    const [early, late] = [await createApp(t), await createApp(t)];
    await label(early.key.namespace, 'true');
    await scene.startAndSettle();
    await label(late.key.namespace, 'true');
    for (const copy of [early, late]) await copy.until('it is there', isLike(scene));
    await scene.moveTo(WEST);
    await scene.settled(WEST, 2);
    for (const copy of [early, late]) {
      const { object } = await copy.until('it follows', ({ status }) => status?.activeSite === WEST);
      assert.equal(object?.metadata.labels?.[LABELS.role], 'copy');
      await copy.until('it is settled', isLike(scene));
    }
    await label(early.key.namespace, null);
    await label(late.key.namespace, 'false');
    for (const copy of [early, late]) await copy.until('it is removed', isGone);
    assert.ok(scene.status.last?.object, 'the status itself stays');
  });

  test('are written at most once a second while the operator cannot make up its mind', async (t) => {
    const scene = await createScene(t, plane);
    const copy = await createApp(t);
    await label(copy.key.namespace, 'true');
    await scene.startAndSettle();
    await copy.until('it is there', isLike(scene));
    const [copies, statuses] = [copy.versions.length, scene.status.versions.length];
    const began = performance.now();
    for (let flip = 1; flip <= 16; flip += 1) {
      const isMoving = flip % 2 === 1;
      await scene.cluster.setStatus({ targetPrimary: isMoving ? 'pending' : 'pg-1' });
      const phase = isMoving ? 'Transitioning' : 'Settled';
      await scene.status.untilStatus(`flip ${flip} is told`, (status) => status.phase === phase);
    }
    await copy.until('it has the last word', isLike(scene));
    const seconds = (performance.now() - began) / 1_000;
    assert.equal(scene.status.versions.length - statuses, 16);
    const written = copy.versions.length - copies;
    assert.ok(written <= seconds + 1, `${written} writes in ${seconds} s`);
    await scene.moveTo(WEST);
    await copy.until('it follows', ({ status }) => status?.activeSite === WEST);
  });

  test('are in the namespaces with injected pods, for as long as there are any', async (t) => {
    const scene = await createScene(t, plane);
    const copy = await createApp(t);
    const { namespace } = copy.key;
    await scene.startAndSettle();
    const pod = (name: string) => ({
      metadata: { namespace, name, labels: { [LABELS.inject]: 'true' } },
      spec: { containers: [{ name: 'app', image: 'app' }], terminationGracePeriodSeconds: 0 },
    });
    for (const name of ['one', 'two']) await plane.api.create<KubeObject>(PODS, pod(name));
    await copy.until('it is there', isLike(scene));
    await plane.api.delete(PODS, { namespace, name: 'one' });
    await scene.moveTo(WEST);
    await copy.until('it follows', ({ status }) => status?.activeSite === WEST);
    await plane.api.delete(PODS, { namespace, name: 'two' });
    await copy.until('it is removed', isGone);
  });

  test('are put right when somebody edits or deletes them', async (t) => {
    const scene = await createScene(t, plane);
    const copy = await createApp(t);
    await label(copy.key.namespace, 'true');
    await scene.startAndSettle();
    await copy.until('it is there', isLike(scene));
    await copy.edit({ data: { 'active-site': WEST, more: 'yes' } });
    await copy.until('it is right again', isLike(scene));
    await copy.delete();
    await copy.until('it is back', isLike(scene));
    assert.equal(copy.last?.status?.activeSite, EAST);
  });

  test('take nothing away from somebody who has a ConfigMap of that name', async (t) => {
    const scene = await createScene(t, plane);
    const theirs = await createApp(t);
    const { namespace } = theirs.key;
    await plane.api.create(CONFIG_MAPS, { metadata: theirs.key, data: { mine: 'yes' } });
    await label(namespace, 'true');
    await scene.startAndSettle();
    const { type } = await scene.event('CopyRefused', ({ note }) =>
      note.includes(`Namespace ${namespace}: `),
    );
    assert.equal(type, 'Warning');
    await scene.moveTo(WEST);
    await scene.settled(WEST, 2);
    await label(namespace, null);
    // Another namespace is served after that, so the controller has seen the label go.
    const other = await createApp(t);
    await label(other.key.namespace, 'true');
    await other.until('it is there', isLike(scene));
    assert.deepEqual((await plane.api.get(CONFIG_MAPS, theirs.key)).data, { mine: 'yes' });
  });

  test('that went out of date while no controller ran are put right by the next one', async (t) => {
    const scene = await createScene(t, plane);
    const [kept, left] = [await createApp(t), await createApp(t)];
    for (const { key } of [kept, left]) await label(key.namespace, 'true');
    const first = await scene.startAndSettle();
    for (const copy of [kept, left]) await copy.until('it is there', isLike(scene));
    await first.child.stop();
    await scene.moveTo(WEST);
    await label(left.key.namespace, null);
    await scene.start();
    await kept.until('it follows', ({ status }) => status?.activeSite === WEST);
    await left.until('it is removed', isGone);
  });

  test('belong to one installation: a second one in the same cluster leaves them alone, and says so', async (t) => {
    const [one, other] = [await createScene(t, plane), await createScene(t, plane)];
    const copy = await createApp(t);
    await label(copy.key.namespace, 'true');
    await one.startAndSettle();
    await copy.until('it is there', isLike(one));
    await other.startAndSettle();
    const { note } = await other.event('CopyRefused', (event) => event.note.includes(copy.key.namespace));
    assert.ok(note.includes(one.namespace), note);
    for (const scene of [other, one]) {
      await scene.moveTo(WEST);
      await scene.settled(WEST, 2);
    }
    await copy.until('it follows its own', isLike(one));
    const owners = copy.versions.map(({ status }) => status?.activeNode);
    assert.deepEqual([...new Set(owners)], [one.nodes.east, one.nodes.west]);
  });
});
