import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { Pool } from 'undici';
import { memoryOf } from '../../bench/memory.ts';
import { LABELS, PROGRAM } from '../../contract/names.ts';
import { EVENTS, PODS, type Pod } from '../../kubernetes/resources.ts';
import { askingPod, isInjected } from '../support/pod-stream.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { until } from '../support/until.ts';
import { createWebhookScene, type WebhookProcess, type WebhookScene } from '../support/webhook-process.ts';

const plane = await sharedControlPlane();
const { api } = plane;

async function startScene(t: TestContext): Promise<{ scene: WebhookScene; replica: WebhookProcess }> {
  const scene = await createWebhookScene(t, plane);
  const [replica] = await scene.start(1);
  assert.ok(replica);
  await scene.ready(1);
  return { scene, replica };
}

/** Of a pod whose owner has a name and a kind. */
function ownedBy(pod: Pod, name: string): Pod {
  const owner = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    name,
    uid: `${name.slice(0, 20)}-uid`,
    controller: true,
  };
  return { ...pod, metadata: { ...pod.metadata, ownerReferences: [owner] } };
}

/** What the webhook has said in Events of each namespace, as soon as one that it is made to say last is there. */
async function said(
  scene: WebhookScene,
  namespaces: readonly string[],
): Promise<readonly (readonly string[])[]> {
  const last = await scene.createAskingNamespace();
  await api.create(PODS, ownedBy(askingPod(last), 'last'));
  const notes = async (namespace: string, abort: AbortSignal) =>
    (await api.list(EVENTS, { namespace, abort })).items
      .filter(({ reportingController }) => reportingController === `${PROGRAM}-webhook`)
      .map(({ note }) => note);
  await until('the last Event is there', async (abort) => (await notes(last, abort))[0], {
    timeoutMs: 20_000,
  });
  return Promise.all(namespaces.map((namespace) => notes(namespace, AbortSignal.timeout(10_000))));
}

describe('a webhook', { concurrency: 2 }, () => {
  test('is not filled by pods with names of a megabyte that are never stored', async (t) => {
    const { scene, replica } = await startScene(t);
    const { pods: namespace } = scene;
    const before = await memoryOf(replica.child.pid);
    const long = 'x'.repeat(1_000_000);
    const shapes = (count: number): readonly Pod[] => {
      const pod = askingPod(namespace);
      const name = `p${count}${long}`;
      return [{ ...pod, metadata: { ...pod.metadata, name } }, ownedBy(pod, name)];
    };
    // Twice as many as fit into its heap.
    for (let count = 0; count < 80; count += 1) {
      const answers = await Promise.allSettled(shapes(count).map((pod) => api.create(PODS, pod)));
      const [named] = answers;
      assert.equal(named?.status, 'rejected');
    }
    const after = await memoryOf(replica.child.pid);
    t.diagnostic(`${before.rss.toFixed(0)} MiB, then ${after.rss.toFixed(0)} MiB`);
    assert.ok(isInjected(await api.create(PODS, askingPod(namespace))));
    assert.deepEqual(await said(scene, [namespace]), [[]]);
  });

  test('writes nothing of its caller into Events, and none where it is not asked', async (t) => {
    const { scene, replica } = await startScene(t);
    const [entry] = (await scene.stored()).webhooks ?? [];
    const ca = Buffer.from(entry?.clientConfig.caBundle ?? '', 'base64').toString();
    const pool = new Pool(`https://127.0.0.1:${replica.port}`, { connections: 1, connect: { ca } });
    t.after(() => pool.close());
    const call = async (namespace: string, count: number) => {
      const { metadata, spec } = ownedBy(askingPod(namespace), `owner-${count}`);
      const annotations = { 'site-follower/port': `call ${count} now` };
      const object = { metadata: { ...metadata, labels: { [LABELS.inject]: 'true' }, annotations }, spec };
      const request = {
        uid: 'u',
        kind: { group: '', version: 'v1', kind: 'Pod' },
        operation: 'CREATE',
        namespace,
        object,
      };
      const body = JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request });
      const headers = { 'content-type': 'application/json' };
      const answer = await pool.request({ path: '/mutate', method: 'POST', headers, body });
      assert.equal(answer.statusCode, 200);
      await answer.body.dump();
    };
    for (let count = 0; count < 100; count += 1) {
      for (const namespace of ['kube-system', scene.namespace, scene.pods]) await call(namespace, count);
    }
    const [ofSystem, ofOwn, ofPods] = await said(scene, ['kube-system', scene.namespace, scene.pods]);
    assert.deepEqual([ofSystem, ofOwn], [[], []]);
    assert.ok(ofPods !== undefined && ofPods.length > 0 && ofPods.length <= 30, String(ofPods?.length));
    for (const note of ofPods) assert.doesNotMatch(note, /call|now|\d/);
  });
});
