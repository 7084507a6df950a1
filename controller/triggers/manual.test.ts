import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { CONFIG_MAPS, NODES } from '../../kubernetes/resources.ts';
import { STATUS, TriggerScene } from '../../test/support/trigger-scene.ts';
import { MANUAL_SITE } from './manual.ts';

let kube: TriggerScene;

beforeEach(() => {
  kube = new TriggerScene();
  kube.configure({ kind: 'manual' });
});

afterEach(() => kube.end());

function choose(site: string | null): void {
  kube.change(CONFIG_MAPS, { metadata: { ...STATUS, annotations: { [MANUAL_SITE]: site } } });
}

test('the site that the annotation names is active, at its first ready node', async () => {
  assert.equal(await kube.look(), 'NothingChosen');
  kube.create(CONFIG_MAPS, { metadata: STATUS });
  assert.equal(await kube.look(), 'NothingChosen');
  choose('us');
  assert.equal(await kube.look(), 'us-1@us-1');
  kube.setReady('us-1', false);
  assert.equal(await kube.look(), 'us-2@us-2');
  kube.setReady('us-2', false);
  assert.equal(await kube.look(), 'us-1@us-1', 'a human has said so');
  choose('asia');
  assert.equal(await kube.look(), 'asia-1@asia-1');
  choose(null);
  assert.equal(await kube.look(), 'NothingChosen');
});

test('what names no site, or one without nodes, holds', async () => {
  kube.create(CONFIG_MAPS, { metadata: STATUS });
  choose('moon');
  const seen = await kube.observe();
  assert.ok(seen.kind === 'unknown');
  assert.match(seen.message, /names none of the sites us, eu, asia$/);
  choose('eu');
  kube.server.delete('test', NODES, { name: 'eu-1' }, {});
  assert.equal(await kube.look(), 'NodeNotFound');
});

test('another annotation wakes the controller, another status does not', async () => {
  kube.create(CONFIG_MAPS, { metadata: STATUS });
  await kube.watch();
  assert.equal(await kube.wakesBy(() => choose('eu')), true);
  assert.equal(
    await kube.wakesBy(() => kube.change(CONFIG_MAPS, { metadata: STATUS, data: { epoch: '3' } })),
    false,
  );
});
