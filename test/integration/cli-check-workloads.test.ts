import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AUTOSCALERS, CRON_JOBS, DISRUPTION_BUDGETS } from '../../cli/cluster/resources.ts';
import { DEPLOYMENTS, STATEFUL_SETS } from '../../cli/cluster/workloads.ts';
import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import type { KubeObject } from '../../kubernetes/api.ts';
import { NAMESPACES, NODES, namespaced, PODS, type Pod } from '../../kubernetes/resources.ts';
import { Checks, ofOutcome } from '../support/checks.ts';
import { askingPod } from '../support/pod-stream.ts';
import { post } from '../support/raw-api.ts';
import { createScene } from '../support/scene.ts';
import { createNamespace } from '../support/seed.ts';
import { ownControlPlane } from '../support/shared-control-plane.ts';
import { until } from '../support/until.ts';
import { createWebhookScene } from '../support/webhook-process.ts';

const LIMIT_RANGES = namespaced('v1', 'limitranges', 'LimitRange');

// Its own: these checks look at the workloads of all namespaces.
const plane = await ownControlPlane();
const { api } = plane;

test('kubectl site-follower check finds workloads that are not well', { timeout: 300_000 }, async (t) => {
  const scene = await createScene(t, plane);
  await api.delete(NODES, { name: scene.nodes.nowhere });
  await scene.startAndSettle();
  const webhook = await createWebhookScene(t, plane, { namespace: scene.namespace });
  await webhook.start(1);
  await webhook.ready(1);
  const { pods } = webhook;
  const checks = new Checks(scene.namespace, plane.kubeconfig);
  const finds = checks.finds.bind(checks);
  const mended = checks.mended.bind(checks);

  await t.test('labels: where they have no effect', async () => {
    const other = await createNamespace(plane, 'labels');
    const template = {
      metadata: { labels: { app: 'x' } },
      spec: { containers: [{ name: 'x', image: 'x' }] },
    };
    const asks = { [LABELS.inject]: 'true' };
    const deployment = (name: string, metadata: object) => ({
      metadata: { namespace: other, name, ...metadata },
      spec: { replicas: 0, selector: { matchLabels: { app: 'x' } }, template },
    });
    await api.create(DEPLOYMENTS, deployment('annotated', { annotations: asks }));
    await api.create(DEPLOYMENTS, deployment('uncarried', { labels: asks }));
    await api.create(DEPLOYMENTS, deployment('unclear', { labels: { [LABELS.inject]: 'yes' } }));
    const job = { template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } } };
    await api.create(CRON_JOBS, {
      metadata: { namespace: other, name: 'fixed', labels: asks },
      spec: { schedule: '0 0 1 1 *', jobTemplate: { spec: job } },
    } as KubeObject);
    await api.patch(
      NAMESPACES,
      { name: other },
      { metadata: { labels: { [LABELS.inject]: 'on' } } },
      { type: 'merge' },
    );
    await finds('labels', 'warning', /^Deployment .*\/annotated$/, /is an annotation/);
    await finds('labels', 'warning', /^Deployment .*\/uncarried$/, /not copied/);
    await finds('labels', 'warning', /^Deployment .*\/unclear$/, /"yes"/);
    await finds('labels', 'warning', /^CronJob .*\/fixed$/, /no effect/);
    await finds('labels', 'warning', new RegExp(`^Namespace ${other}$`), /"on"/);
    for (const name of ['annotated', 'uncarried', 'unclear'])
      await api.delete(DEPLOYMENTS, { namespace: other, name });
    await api.delete(CRON_JOBS, { namespace: other, name: 'fixed' });
    await api.patch(
      NAMESPACES,
      { name: other },
      { metadata: { labels: { [LABELS.inject]: null } } },
      { type: 'merge' },
    );
    await mended('labels');
  });

  await t.test('limits: a LimitRange that refuses the sidecar', async () => {
    const other = await createNamespace(plane, 'limits');
    const asks = { app: 'x', [LABELS.inject]: 'true' };
    const deployment = (name: string, annotations: Readonly<Record<string, string>> = {}) => ({
      metadata: { namespace: other, name },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'x' } },
        template: {
          metadata: { labels: asks, annotations },
          spec: { containers: [{ name: 'x', image: 'x' }] },
        },
      },
    });
    const limits = [
      {
        type: 'Container',
        min: { memory: '48Mi' },
        default: { cpu: '100m', memory: '128Mi' },
        maxLimitRequestRatio: { cpu: '4' },
      },
    ];
    await api.create(LIMIT_RANGES, {
      metadata: { namespace: other, name: 'least' },
      spec: { limits },
    } as KubeObject);
    const fits = { [ANNOTATIONS.memoryRequest]: '48Mi', [ANNOTATIONS.cpuRequest]: '25m' };
    await api.create(DEPLOYMENTS, deployment('refused'));
    const { action } = await finds(
      'limits',
      'problem',
      /^Deployment .*\/refused$/,
      /LimitRange least: .* 48Mi$/,
    );
    assert.match(action, /site-follower\/memory-request: 48Mi/);
    const ratio = await finds('limits', 'problem', /^Deployment .*\/refused$/, /at most 4 times/);
    assert.match(ratio.action, /site-follower\/cpu-request: 25m/);
    // It is what the API server itself says.
    const pod = (annotations: Readonly<Record<string, string>>) => {
      const { metadata, ...rest } = askingPod(other);
      const app = { requests: { cpu: '50m', memory: '64Mi' }, limits: { cpu: '100m', memory: '128Mi' } };
      const spec = { containers: [{ name: 'app', image: 'app:1', resources: app }] };
      return { ...rest, metadata: { ...metadata, annotations }, spec } as Pod;
    };
    await webhook.admit(other);
    await until(
      'the webhook says so to whoever applies it',
      async () => {
        const { metadata, ...rest } = deployment('asking');
        const asking = { ...rest, metadata: { ...metadata, labels: { [LABELS.inject]: 'true' } } };
        const path = `/apis/apps/v1/namespaces/${other}/deployments?dryRun=All`;
        const { status, warnings } = await post(plane, path, asking);
        assert.equal(status, 201, 'it refuses nothing');
        return warnings.some((text) => /a LimitRange refuses .*memory-request: 48Mi/.test(text)) || undefined;
      },
      { timeoutMs: 20_000 },
    );
    const refused = api.create(PODS, pod({}));
    await assert.rejects(refused, /minimum memory usage per Container is 48Mi, but request is 32Mi/);
    await api.delete(PODS, (await api.create(PODS, pod(fits))).metadata);
    await api.delete(DEPLOYMENTS, { namespace: other, name: 'refused' });
    await api.create(DEPLOYMENTS, deployment('fits', fits));
    await mended('limits');
    await api.delete(DEPLOYMENTS, { namespace: other, name: 'fits' });
  });

  await t.test('missed-pods: created while nobody was asked', async () => {
    const other = await createNamespace(plane, 'missed');
    const { metadata } = await api.create(PODS, askingPod(other));
    await finds('missed-pods', 'problem', new RegExp(`^Pod ${other}/`), /runs without/);
    await api.delete(PODS, metadata);
    await mended('missed-pods');
  });

  await t.test('wrong-side: ready on a standby site', async () => {
    const asking = askingPod(pods);
    const made = await api.create<Pod>(PODS, {
      ...asking,
      spec: { ...asking.spec, nodeName: scene.nodes.west },
    });
    const ready = (status: string) =>
      api.patch(
        PODS,
        made.metadata,
        { status: { phase: 'Running', conditions: [{ type: 'Ready', status }] } },
        { type: 'merge', subresource: 'status' },
      );
    await ready('True');
    await finds(
      'wrong-side',
      'problem',
      new RegExp(`/${made.metadata.name}$`),
      /site us-west and not active/,
    );
    await ready('False');
    await mended('wrong-side');
    await api.patch(
      PODS,
      made.metadata,
      { status: { phase: 'Succeeded' } },
      { type: 'merge', subresource: 'status' },
    );
  });

  await t.test('rollouts, disruption-budgets, autoscalers: what standbys cost', async () => {
    const workload = (gate: string) => ({
      replicas: 2,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: {
          labels: { app: 'web', [LABELS.inject]: 'true' },
          annotations: { [ANNOTATIONS.gate]: gate },
        },
        spec: {
          nodeName: scene.nodes.west,
          terminationGracePeriodSeconds: 0,
          containers: [{ name: 'web', image: 'web' }],
        },
      },
    });
    const metadata = { namespace: pods, name: 'web' };
    await api.create(DEPLOYMENTS, {
      metadata,
      spec: { ...workload('readiness'), progressDeadlineSeconds: 1 },
    } as KubeObject);
    await api.create(STATEFUL_SETS, {
      metadata,
      spec: { ...workload('readiness'), serviceName: 'web' },
    } as KubeObject);
    const budget = { selector: { matchLabels: { app: 'web' } }, minAvailable: 1 };
    await api.create(DISRUPTION_BUDGETS, { metadata, spec: budget } as KubeObject);
    await api.create(AUTOSCALERS, {
      metadata,
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        minReplicas: 2,
        maxReplicas: 3,
      },
    } as KubeObject);
    await finds('rollouts', 'problem', /^Deployment .*\/web$/, /2 of its pods are standby/);
    await finds('rollouts', 'problem', /^StatefulSet .*\/web$/, /1 of 2 pods: the next one waits for web-0/);
    await finds('disruption-budgets', 'problem', /^PodDisruptionBudget .*\/web$/, /can be drained/);
    await finds(
      'autoscalers',
      'warning',
      /^HorizontalPodAutoscaler .*\/web$/,
      /2 pods of Deployment web are standby/,
    );

    await api.patch(
      DISRUPTION_BUDGETS,
      metadata,
      { spec: { unhealthyPodEvictionPolicy: 'AlwaysAllow' } },
      { type: 'merge' },
    );
    await mended('disruption-budgets');
    const ungated = { spec: { template: { metadata: { annotations: { [ANNOTATIONS.gate]: 'none' } } } } };
    await api.patch(
      DEPLOYMENTS,
      metadata,
      { spec: { ...ungated.spec, strategy: { type: 'Recreate', rollingUpdate: null } } },
      { type: 'merge' },
    );
    await api.patch(STATEFUL_SETS, metadata, ungated, { type: 'merge' });
    await api.delete(PODS, { namespace: pods, name: 'web-0' });
    await mended('rollouts');
    await mended('autoscalers');
  });

  await t.test('and nothing at the end', async () => {
    assert.deepEqual(ofOutcome(await checks.look(), 'warning', 'problem', 'unknown'), []);
  });
});
