import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { Pool } from 'undici';
import { memoryOf } from '../../bench/memory.ts';
import { ANNOTATIONS, LABELS, PROGRAM, STATUS_CONFIGMAP } from '../../contract/names.ts';
import type { KubeObject } from '../../kubernetes/api.ts';
import {
  CONFIG_MAPS,
  EVENTS,
  type KubeEvent,
  LEASES,
  MUTATING_WEBHOOK_CONFIGURATIONS,
  namespaced,
  PODS,
  type Pod,
  SECRETS,
} from '../../kubernetes/resources.ts';
import { INJECTION_CONFIGMAP } from '../../webhook/injection-watchdog.ts';
import { webhookRights } from '../../webhook/rights.ts';
import { secretNameOf } from '../../webhook/webhook-configuration.ts';
import { askingPod, isInjected, podIn } from '../support/pod-stream.ts';
import { startProcess } from '../support/process.ts';
import { grant } from '../support/rbac.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { until } from '../support/until.ts';
import { createWebhookScene, WEBHOOK_BUNDLE, type WebhookScene } from '../support/webhook-process.ts';

const plane = await sharedControlPlane();
const { api } = plane;

const DEPLOYMENTS = namespaced<Deployment>('apps/v1', 'deployments', 'Deployment');

interface Deployment extends KubeObject {
  readonly spec: object;
}

/** Ready. */
async function startScene(t: Parameters<typeof createWebhookScene>[0]): Promise<WebhookScene> {
  const scene = await createWebhookScene(t, plane);
  await scene.start(1);
  await scene.ready(1);
  return scene;
}

function changed(
  pod: Pod,
  { annotations = {}, spec = {} }: { annotations?: Record<string, string>; spec?: object },
) {
  return { ...pod, metadata: { ...pod.metadata, annotations }, spec: { ...pod.spec, ...spec } };
}

/** As a ReplicaSet makes it. */
function owned(pod: Pod, name: string): Pod {
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid: `${name}-uid`, controller: true };
  return { ...pod, metadata: { ...pod.metadata, ownerReferences: [owner] } };
}

function event(namespace: string, reason: string, name: string): Promise<KubeEvent> {
  return until(
    `there is an Event ${reason} on ${name}`,
    async (abort) =>
      (await api.list(EVENTS, { namespace, abort })).items.find(
        ({ reason: found, regarding }) => found === reason && regarding.name === name,
      ),
    { timeoutMs: 20_000 },
  );
}

async function metric(scene: WebhookScene, series: string): Promise<number> {
  const text = await (await fetch(`${scene.replicas[0]?.url}/metrics`)).text();
  const line = text.split('\n').find((found) => found.startsWith(`kube_site_follower_webhook_${series} `));
  return Number(line?.slice(line.lastIndexOf(' ')) ?? Number.NaN);
}

const JSON_TYPE = 'application/json';
const review = (request: unknown, apiVersion = 'admission.k8s.io/v1') =>
  JSON.stringify({ apiVersion, kind: 'AdmissionReview', request });
const kind = { group: '', version: 'v1', kind: 'Pod' };
const GARBAGE: readonly (readonly [type: string, body: string | Buffer, status: number])[] = [
  [JSON_TYPE, '{"apiVersion":', 400],
  [JSON_TYPE, '[]', 400],
  [JSON_TYPE, '{}', 400],
  [JSON_TYPE, '['.repeat(100_000), 400],
  [JSON_TYPE, Buffer.alloc(100_000, 0xff), 400],
  [JSON_TYPE, review({}), 400],
  [JSON_TYPE, review({ uid: 'u', kind, operation: 'CREATE', object: {} }, 'admission.k8s.io/v1beta1'), 400],
  [JSON_TYPE, review({ uid: 'u', kind, operation: 'CREATE', object: { spec: { containers: 7 } } }), 200],
  [JSON_TYPE, review({ uid: 'u', kind, operation: 'EXPLODE', object: null }), 200],
  [JSON_TYPE, review({ uid: 'u', kind: { ...kind, kind: 'Novel' }, operation: 'CREATE', object: {} }), 200],
  [JSON_TYPE, `{"__proto__":{"apiVersion":"admission.k8s.io/v1"},"kind":"AdmissionReview"}`, 400],
  [JSON_TYPE, review({ uid: 'u', kind, operation: 'CREATE', object: 'x'.repeat(300_000) }), 200],
  ['text/plain', '{}', 415],
  ['application/x-www-form-urlencoded', 'a=b', 415],
];

describe('a webhook', { concurrency: 3 }, () => {
  test('injects what asks, says so, and leaves the rest alone', async (t) => {
    const scene = await startScene(t);
    const { pods: namespace } = scene;
    const injected = await api.create(PODS, owned(askingPod(namespace), 'web-1'));
    assert.ok(isInjected(injected));
    assert.equal(injected.metadata.annotations?.[ANNOTATIONS.status], 'injected');
    const told = await event(namespace, 'Injected', 'web-1');
    assert.deepEqual([told.type, told.reportingController], ['Normal', `${PROGRAM}-webhook`]);

    assert.ok(!isInjected(await api.create(PODS, podIn(namespace))));
    assert.ok(!isInjected(await api.create(PODS, podIn(namespace, { [LABELS.inject]: 'false' }))));
    const unlabelled = await api.create(PODS, podIn(await scene.createAskingNamespace()));
    assert.ok(isInjected(unlabelled));
    assert.equal(unlabelled.metadata.labels?.[LABELS.inject], 'true');
    assert.equal(await metric(scene, 'reviews_total{kind="Pod",outcome="injected"}'), 2);
    // The API server may ask again after its own plugins have changed a pod (reinvocationPolicy IfNeeded).
    assert.ok((await metric(scene, 'review_duration_seconds_count')) >= 2);
  });

  test('says why a pod is skipped or refused', async (t) => {
    const scene = await startScene(t);
    const { pods: namespace } = scene;
    const onHost = changed(owned(askingPod(namespace), 'web-1'), { spec: { hostNetwork: true } });
    assert.ok(!isInjected(await api.create(PODS, onHost)));
    const skipped = await event(namespace, 'InjectionSkipped', 'web-1');
    assert.match(skipped.note, /hostNetwork/);
    assert.equal(await metric(scene, 'skips_total{reason="host-network"}'), 1);

    const bad = changed(owned(askingPod(namespace), 'web-2'), { annotations: { [ANNOTATIONS.port]: '80' } });
    await assert.rejects(api.create(PODS, bad), /site-follower\/port.*"80".*1024 to 65535/);
    const denied = await event(namespace, 'InjectionDenied', 'web-2');
    assert.match(denied.note, /site-follower\/port/);

    // What was answered a moment ago is answered again.
    const counted = async () =>
      (await metric(scene, 'reviews_total{kind="Pod",outcome="denied"}')) === 1 || undefined;
    await until('the refusal is counted', counted, { timeoutMs: 10_000 });
  });

  test('carries a label from a Deployment to its pods', async (t) => {
    const scene = await startScene(t);
    const { pods: namespace } = scene;
    const labels = { app: 'web' };
    const deployment: Deployment = {
      metadata: { name: 'web', namespace, labels: { [LABELS.inject]: 'true' } },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'app', image: 'app:1' }] } },
      },
    };
    await api.create(DEPLOYMENTS, deployment);
    const pods = await until(
      'the Deployment has its pods',
      async (abort) => {
        const { items } = await api.list(PODS, { namespace, labelSelector: 'app=web', abort });
        return items.length === 2 ? items : undefined;
      },
      { timeoutMs: 20_000 },
    );
    assert.deepEqual(pods.map(isInjected), [true, true]);
    const owner = pods[0]?.metadata.ownerReferences?.[0];
    assert.ok(owner);
    const { regarding } = await event(namespace, 'Injected', owner.name);
    assert.deepEqual([regarding.kind, regarding.uid], ['ReplicaSet', owner.uid]);
  });

  test('is ready only when the API server would accept its certificate', async (t) => {
    const scene = await createWebhookScene(t, plane);
    await api.delete(MUTATING_WEBHOOK_CONFIGURATIONS, scene.configuration.metadata);
    const [replica] = await scene.start(1);
    assert.ok(replica);
    const reasons = async () => (await fetch(replica.readyUrl)).text();
    await until(
      'the configuration is missed',
      async () => (await reasons()).includes('was not found') || undefined,
      {
        timeoutMs: 10_000,
      },
    );
    assert.equal((await fetch(`${replica.url}/healthz`)).status, 200);
    await api.create(MUTATING_WEBHOOK_CONFIGURATIONS, scene.configuration);
    await until('it spreads', async () => (await reasons()).includes('still spreading') || undefined, {
      timeoutMs: 10_000,
    });
    await scene.ready(1);
    assert.ok(isInjected(await api.create(PODS, askingPod(scene.pods))));
    const { status } = await fetch(replica.readyUrl);
    assert.equal(status, 200);
    assert.ok((await metric(scene, 'certificate_expiry_timestamp_seconds')) > Date.now() / 1_000);
    const { spec } = await api.get(LEASES, { namespace: scene.namespace, name: `${PROGRAM}-webhook` });
    assert.ok(spec?.holderIdentity);
  });

  test('needs no right beyond those of its table', async (t) => {
    const name = `webhook-${randomBytes(4).toString('hex')}`;
    const scene = await createWebhookScene(t, plane, { user: { name } });
    const rights = webhookRights({
      namespace: scene.namespace,
      configuration: scene.configuration.metadata.name,
      makesCertificates: true,
      statuses: [STATUS_CONFIGMAP],
    });
    await grant(plane, { user: { name }, rights });
    const secret = { name: secretNameOf(scene.configuration.metadata.name), namespace: scene.namespace };
    // As the chart makes it; another one, such as the token of a service account, the webhook cannot make.
    await api.create(SECRETS, { metadata: secret });
    const [replica] = await scene.start(1);
    assert.ok(replica);
    await scene.ready(1);
    await api.create(PODS, askingPod(scene.pods));
    const swept = async () => (await metric(scene, 'last_sweep_timestamp_seconds')) > 0 || undefined;
    await until('it has looked at all pods', swept, { timeoutMs: 20_000 });
    const report = { name: INJECTION_CONFIGMAP, namespace: scene.namespace };
    await until('it has reported', (abort) => api.get(CONFIG_MAPS, report, { abort }), {
      timeoutMs: 20_000,
    });
    const broken = [{ op: 'remove', path: '/data/ca.key' }];
    await api.patch(SECRETS, secret, broken, { type: 'json' });
    const restored = async (abort: AbortSignal) =>
      (await api.get(SECRETS, secret, { abort })).data?.['ca.key'];
    await until('the Secret is whole again', restored, { timeoutMs: 20_000 });
    assert.deepEqual(
      replica.child.lines.filter((line) => /forbidden/i.test(line)),
      [],
    );
    await api.delete(SECRETS, secret);
    const told = async (abort: AbortSignal) => {
      const { items } = await api.list(EVENTS, { namespace: scene.namespace, abort });
      return items.find(({ reason }) => reason === 'CertificateSecretMissing');
    };
    const event = await until('an Event says that the Secret is missing', told, { timeoutMs: 20_000 });
    assert.deepEqual([event.regarding.kind, event.regarding.name], ['Secret', secret.name]);
    assert.match(event.note ?? '', /helm upgrade/);
    assert.deepEqual(await replica.child.stop(10_000), { code: 0, signal: null });
  });

  test('is not moved by garbage: a clear answer each time, and its memory stays flat', async (t) => {
    const scene = await startScene(t);
    const [replica] = scene.replicas;
    assert.ok(replica);
    const [entry] = (await scene.stored()).webhooks ?? [];
    const ca = Buffer.from(entry?.clientConfig.caBundle ?? '', 'base64').toString();
    const pool = new Pool(`https://127.0.0.1:${replica.port}`, { connections: 8, connect: { ca } });
    t.after(() => pool.close());
    const round = async () => {
      const answers = await Promise.all(
        GARBAGE.map(async ([type, body]) => {
          const headers = { 'content-type': type };
          const answer = await pool.request({ path: '/mutate', method: 'POST', headers, body });
          await answer.body.dump();
          return answer.statusCode;
        }),
      );
      assert.deepEqual(
        answers,
        GARBAGE.map(([, , status]) => status),
      );
    };
    const rounds = async (count: number) => {
      for (let done = 0; done < count; done += 1) await round();
      return (await memoryOf(replica.child.pid)).rss;
    };
    const before = await rounds(80);
    const after = await rounds(160);
    t.diagnostic(`${before.toFixed(0)} MiB, then ${after.toFixed(0)} MiB`);
    // All bodies together have 90 MB.
    assert.ok(after < before + 45, `${before} MiB, then ${after} MiB`);
    assert.ok(isInjected(await api.create(PODS, askingPod(scene.pods))));
  });

  test('ends with 2 and every problem when its configuration is wrong', async () => {
    const env = { WEBHOOK_PORT: 'x', CERTIFICATE_DAYS: '-1', LOG_LEVEL: 'loud', SIDECAR_CPU_REQUEST: 'much' };
    const child = await startProcess('webhook', [process.execPath, WEBHOOK_BUNDLE], { env });
    assert.deepEqual(await child.exited, { code: 2, signal: null });
    for (const name of Object.keys(env))
      assert.ok(
        child.lines.some((line) => line.includes(name)),
        name,
      );
  });
});
