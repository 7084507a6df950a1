import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { LABELS, PROGRAM } from '../../contract/names.ts';
import { MUTATING_WEBHOOK_CONFIGURATIONS } from '../../kubernetes/resources.ts';
import { layered } from '../support/chart/examples.ts';
import { chartUnderTest, SITES } from '../support/chart/render.ts';
import { startControlPlane } from '../support/control-plane.ts';
import type { ControlPlaneAccess } from '../support/control-plane-access.ts';
import { dryRun } from '../support/golden-cluster.ts';
import { isInjected, PodStream, podIn } from '../support/pod-stream.ts';
import { applyPolicies, removePolicies } from '../support/policies.ts';
import { createNamespace, ensureNamespace } from '../support/seed.ts';
import { until } from '../support/until.ts';
import { createWebhookScene, type WebhookScene } from '../support/webhook-process.ts';

const chart = await chartUnderTest();
const plane = await startControlPlane({ controllers: true, policies: true });
after(() => plane.stop());

/** Of the release that the policies are of: the webhook of the scene is asked about it, and the policies are not. */
const OF_WEBHOOK_ALONE = PROGRAM;
const WAIT = { timeoutMs: 60_000 };

/** In the order that docs/policies.md gives: one comes, then the other goes. */
test('from the webhook to the policies and back each pod has its sidecar', {
  timeout: 240_000,
}, async (t) => {
  const values = layered(SITES, { webhook: { mode: 'both' } });
  const policies = await chart.render({ values, args: ['--namespace', OF_WEBHOOK_ALONE] });
  const scene = await createWebhookScene(t, plane);
  await ensureNamespace(plane, OF_WEBHOOK_ALONE);
  await scene.admit(OF_WEBHOOK_ALONE);
  await scene.start(1);
  await scene.ready(1);
  await untilAsked(scene);
  const stream = new PodStream(plane.api, scene.pods);
  t.after(() => stream.stop());
  await stream.more(20);

  await applyPolicies(plane, policies, await createNamespace(plane));
  await injectedByPolicyAlone(plane, scene);
  await stream.more(20);
  await plane.api.delete(MUTATING_WEBHOOK_CONFIGURATIONS, scene.configuration.metadata);
  await stream.more(20);
  const [{ child } = assert.fail('there is a replica')] = scene.replicas;
  await child.stop(10_000);
  await stream.more(50);

  await scene.start(1);
  await plane.api.create(MUTATING_WEBHOOK_CONFIGURATIONS, scene.configuration);
  await scene.ready(1);
  await untilAsked(scene);
  await stream.more(20);
  await removePolicies(plane, policies);
  await untilForgotten(plane);
  await stream.more(50);
  await stream.stop();
  t.diagnostic(`${stream.created} pods, the slowest after ${Math.round(stream.slowestMs)} ms`);
  assert.deepEqual(stream.failures, []);
});

/** Resolves when the API server asks the webhook. */
async function untilAsked({ plane }: WebhookScene): Promise<void> {
  await until(
    'the webhook injects',
    async () => (await tried(plane, OF_WEBHOOK_ALONE)).includes('site-follower') || undefined,
    WAIT,
  );
}

async function untilForgotten(plane: ControlPlaneAccess): Promise<void> {
  const elsewhere = await createNamespace(plane);
  await until(
    'the policies inject no more',
    async () => !(await tried(plane, elsewhere)).includes('site-follower') || undefined,
    WAIT,
  );
}

async function tried(plane: ControlPlaneAccess, namespace: string): Promise<string> {
  const { metadata, ...pod } = podIn(namespace, { [LABELS.inject]: 'true' });
  const { pod: made } = await dryRun(plane, 'Pod', namespace, { ...pod, metadata });
  return JSON.stringify((made?.spec as { initContainers?: unknown } | undefined)?.initContainers ?? '');
}

/** While both are there, the API server asks the webhook about no pod that has its sidecar. */
async function injectedByPolicyAlone(plane: ControlPlaneAccess, scene: WebhookScene): Promise<void> {
  const asked = async () => {
    const text = await (await fetch(`${scene.replicas[0]?.url}/metrics`)).text();
    const counts = [...text.matchAll(/^kube_site_follower_webhook_reviews_total\{.*kind="Pod".*\} (\d+)$/gm)];
    return counts.reduce((sum, [, count]) => sum + Number(count), 0);
  };
  const before = await asked();
  assert.ok(before > 0, 'it was asked until then');
  const pods = Array.from({ length: 5 }, () => podIn(scene.pods, { [LABELS.inject]: 'true' }));
  for (const pod of pods) {
    const made = await plane.api.create(
      { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true },
      pod,
    );
    assert.ok(isInjected(made as typeof pod));
  }
  assert.equal(await asked(), before);
}
