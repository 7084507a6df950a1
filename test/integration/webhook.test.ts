import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import { SIDECAR_CONTAINER } from '../../contract/sidecar.ts';
import type { KubeObject } from '../../kubernetes/api.ts';
import { PODS, type Pod } from '../../kubernetes/resources.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { createWebhookScene } from '../support/webhook-process.ts';

const plane = await sharedControlPlane();

function pod(namespace: string, labels: Readonly<Record<string, string>> = {}): Pod {
  const containers = [{ name: 'app', image: 'app:1' }];
  return {
    metadata: { name: `app-${crypto.randomUUID().slice(0, 8)}`, namespace, labels },
    spec: { containers },
  } as KubeObject as Pod;
}

const ASKS = { [LABELS.inject]: 'true' };

function sidecars(created: Pod): readonly string[] {
  const { initContainers = [] } = created.spec as { initContainers?: { name: string }[] };
  return initContainers.map(({ name }) => name);
}

test('a labelled pod gets the sidecar, others are left alone', async (t) => {
  const scene = await createWebhookScene(t, plane);
  await scene.start(1);
  await scene.ready(1);
  const injected = await plane.api.create(PODS, pod(scene.pods, ASKS));
  assert.deepEqual(sidecars(injected), [SIDECAR_CONTAINER]);
  assert.equal(injected.metadata.annotations?.[ANNOTATIONS.status], 'injected');
  assert.deepEqual(sidecars(await plane.api.create(PODS, pod(scene.pods))), []);
});
