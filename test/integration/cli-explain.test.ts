import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PODS } from '../../kubernetes/resources.ts';
import { runCli } from '../support/cli.ts';
import { askingPod } from '../support/pod-stream.ts';
import { createScene } from '../support/scene.ts';
import { createNamespace } from '../support/seed.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { createWebhookScene } from '../support/webhook-process.ts';

const plane = await sharedControlPlane();
const ADMIN = { KUBECONFIG: plane.kubeconfig };

test('kubectl site-follower explain: a pod on a standby site, one that was missed, one that is not there', async (t) => {
  const scene = await createScene(t, plane);
  await scene.startAndSettle();
  const webhook = await createWebhookScene(t, plane, { namespace: scene.namespace });
  await webhook.start(1);
  await webhook.ready(1);
  const explain = (namespace: string, name: string) =>
    runCli(['explain', name, '-n', namespace, '--controller-namespace', scene.namespace], ADMIN);

  const asking = askingPod(webhook.pods);
  const { metadata } = await plane.api.create(PODS, {
    ...asking,
    spec: { ...asking.spec, nodeName: scene.nodes.west },
  });
  const standby = await explain(webhook.pods, metadata.name);
  assert.deepEqual([standby.code, standby.err], [0, '']);
  assert.match(
    standby.out,
    /✓ It has the sidecar: its own label asks for it\.\n✓ It is not ready: it is standby on purpose/,
  );

  const elsewhere = await createNamespace(plane, 'plain');
  const { metadata: other } = await plane.api.create(PODS, askingPod(elsewhere));
  const missed = await explain(elsewhere, other.name);
  assert.equal(missed.code, 1);
  assert.match(missed.out, /✗ It has no sidecar: it asks for the sidecar, but it was created before that/);

  const nobody = await explain(elsewhere, 'nobody');
  assert.deepEqual([nobody.code, nobody.out], [3, '']);
  assert.match(nobody.err, /There is no pod nobody in namespace plain-/);
});
