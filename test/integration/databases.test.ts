import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STATEFUL_SETS } from '../../cli/cluster/workloads.ts';
import { CLUSTERS } from '../../cnpg/cluster.ts';
import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import { ACTIVE_CONDITION } from '../../contract/routing.ts';
import { SIDECAR_CONTAINER } from '../../contract/sidecar.ts';
import { EVENTS, PODS, type Pod, SERVICES, type Service } from '../../kubernetes/resources.ts';
import { Checks } from '../support/checks.ts';
import { runCli } from '../support/cli.ts';
import { isInjected, podIn } from '../support/pod-stream.ts';
import { post } from '../support/raw-api.ts';
import { createScene } from '../support/scene.ts';
import { ownControlPlane } from '../support/shared-control-plane.ts';
import { until } from '../support/until.ts';
import { createWebhookScene } from '../support/webhook-process.ts';

// Its own: the checks look at the workloads of all namespaces.
const plane = await ownControlPlane();
const { api } = plane;
const WAIT = { timeoutMs: 60_000 };
const ASKS = { [LABELS.inject]: 'true' };
const INSTANCE = { 'cnpg.io/cluster': 'pg', 'cnpg.io/podRole': 'instance' };
const NO_SIDECAR = /it is an instance of CloudNativePG, which could not take over while it stands by/;

test('a database in a labelled namespace is left alone', { timeout: 300_000 }, async (t) => {
  const scene = await createScene(t, plane);
  await scene.startAndSettle();
  const webhook = await createWebhookScene(t, plane, { namespace: scene.namespace });
  await webhook.start(1);
  await webhook.ready(1);
  const { namespace } = scene.cluster;
  await webhook.admit(namespace, ASKS);
  const checks = new Checks(scene.namespace, plane.kubeconfig);
  const eventAbout = (name: string, reason: string, where = namespace) =>
    until(
      `an Event ${reason} tells of ${name}`,
      async (abort) => {
        const { items } = await api.list(EVENTS, { namespace: where, abort });
        return items.find((event) => event.reason === reason && event.note.includes(name));
      },
      WAIT,
    );
  const withName = (name: string, labels: Record<string, string>): Pod => {
    const pod = podIn(namespace, labels);
    return { ...pod, metadata: { ...pod.metadata, name } };
  };

  const { metadata: pg } = await api.get(CLUSTERS, scene.cluster);
  const { name: clusterName, uid = '' } = pg;
  const owner = {
    apiVersion: 'postgresql.cnpg.io/v1',
    kind: 'Cluster',
    name: clusterName,
    uid,
    controller: true,
  };
  const owned = (pod: Pod): Pod => ({ ...pod, metadata: { ...pod.metadata, ownerReferences: [owner] } });

  await t.test('its instances and jobs get no sidecar, and an Event says why; a pooler does', async () => {
    const made = [
      await api.create(PODS, owned(withName('pg-4', INSTANCE))),
      await api.create(
        PODS,
        owned(withName('pg-5-join', { 'cnpg.io/cluster': 'pg', 'cnpg.io/jobRole': 'join' })),
      ),
      await api.create(PODS, withName('rw', { 'cnpg.io/cluster': 'pg', 'cnpg.io/podRole': 'pooler' })),
    ];
    assert.deepEqual(made.map(isInjected), [false, false, true]);
    assert.match((await eventAbout('instance of CloudNativePG', 'InjectionSkipped')).note, NO_SIDECAR);
    await eventAbout('a job of CloudNativePG', 'InjectionSkipped');
  });

  await t.test('one that asks itself has none either, and whoever makes it is warned', async () => {
    const { status, warnings } = await post(
      plane,
      `/api/v1/namespaces/${namespace}/pods`,
      withName('asking', { ...INSTANCE, ...ASKS }),
    );
    assert.equal(status, 201);
    assert.match(warnings.join(), NO_SIDECAR);
    const asking = await api.get(PODS, { namespace, name: 'asking' });
    assert.ok(!isInjected(asking));
    const explained = await runCli(
      ['explain', 'asking', '-n', namespace, '--controller-namespace', scene.namespace],
      { KUBECONFIG: plane.kubeconfig },
    );
    assert.match(
      explained.out.replaceAll(/\s+/g, ' '),
      /✓ It has no sidecar: it is an instance of CloudNativePG/,
    );
    await checks.finds('databases', 'warning', /Pod .*\/asking$/, /no effect on its pods: asking/);
    await api.delete(PODS, { namespace, name: 'asking' });
    await checks.mended('databases');
  });

  await t.test('a label on its StatefulSet does not restart it', async () => {
    const labels = { application: 'spilo', 'cluster-name': 'acid' };
    const { status, warnings, body } = await post(
      plane,
      `/apis/apps/v1/namespaces/${namespace}/statefulsets`,
      {
        metadata: { name: 'acid', labels: ASKS },
        spec: {
          serviceName: 'acid',
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: [{ name: 'postgres', image: 'spilo:1' }] } },
        },
      },
    );
    assert.equal(status, 201);
    assert.match(
      warnings.join(),
      /no effect: each of its pods is a member or a backup of the Zalando operator/,
    );
    const { template } = (body as { spec: { template: { metadata: object } } }).spec;
    assert.deepEqual(neverCreated(template.metadata), neverCreated({ labels }));
    await checks.finds('databases', 'warning', /^StatefulSet .*\/acid$/, /Zalando operator/);
    await api.delete(STATEFUL_SETS, { namespace, name: 'acid' });
  });

  await t.test('nor does one on what it owns, whatever the template says', async () => {
    const labels = { app: 'own' };
    const { warnings, body } = await post(plane, `/apis/apps/v1/namespaces/${namespace}/statefulsets`, {
      metadata: { name: 'own', labels: ASKS, ownerReferences: [owner] },
      spec: {
        serviceName: 'own',
        replicas: 0,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'postgres', image: 'pg:1' }] } },
      },
    });
    assert.match(warnings.join(), /no effect: each of its pods is a part of what postgresql.cnpg.io owns/);
    const { template } = (body as { spec: { template: { metadata: object } } }).spec;
    assert.deepEqual(neverCreated(template.metadata), neverCreated({ labels }));
    await checks.finds('databases', 'warning', /^StatefulSet .*\/own$/, /what postgresql.cnpg.io owns/);
    await api.delete(STATEFUL_SETS, { namespace, name: 'own' });
  });

  await t.test('a Service of its operator does not follow, and is given back', async () => {
    const service = (name: string, labels: Record<string, string>) => ({
      metadata: { namespace, name, labels, ownerReferences: [owner] },
      spec: { selector: { 'cnpg.io/cluster': 'pg' }, ports: [{ port: 5432 }] },
    });
    const { warnings } = await post(
      plane,
      `/api/v1/namespaces/${namespace}/services`,
      service('pg-rw', { [LABELS.follow]: 'true' }),
    );
    assert.match(warnings.join(), /follow has no effect: the Service is owned by postgresql.cnpg.io/);
    await eventAbout('pg-rw does not follow', 'ServiceRefused', scene.namespace);
    // As an older version has left one.
    const moved = service('pg-r', { [LABELS.follow]: 'true' });
    const left: Service = {
      ...moved,
      metadata: { ...moved.metadata, annotations: { [ANNOTATIONS.epoch]: '1' }, labels: {} },
      spec: { ...moved.spec, selector: { 'cnpg.io/cluster': 'pg', 'site-follower/site': 'us-west' } },
    };
    await api.create(SERVICES, left);
    await until(
      'the Service selects all instances again',
      async (abort) => {
        const { spec } = await api.get(SERVICES, { namespace, name: 'pg-r' }, { abort });
        return spec?.selector?.['site-follower/site'] === undefined || undefined;
      },
      WAIT,
    );
    await checks.finds('databases', 'warning', /^Service .*\/pg-rw$/, /no effect/);
    await api.delete(SERVICES, { namespace, name: 'pg-rw' });
  });

  await t.test('an instance that an older version has gated comes free on the standby site', async () => {
    const { spec = {}, metadata } = withName('old', { ...INSTANCE, ...ASKS, [LABELS.gate]: 'condition' });
    const old = {
      metadata: {
        ...metadata,
        annotations: { [ANNOTATIONS.status]: 'injected', [ANNOTATIONS.gate]: 'condition' },
      },
      spec: {
        ...spec,
        nodeName: scene.nodes.west,
        initContainers: [{ name: SIDECAR_CONTAINER, image: 'app:1', restartPolicy: 'Always' }],
        readinessGates: [{ conditionType: ACTIVE_CONDITION }],
      },
    };
    await api.create<Pod>(PODS, old);
    const free = await until(
      'its condition is True',
      async (abort) => {
        const { status } = await api.get(PODS, { namespace, name: 'old' }, { abort });
        return status?.conditions?.find(({ type, status }) => type === ACTIVE_CONDITION && status === 'True');
      },
      WAIT,
    );
    assert.equal(free.reason, 'DatabaseMember');
    await checks.finds(
      'databases',
      'problem',
      /Pod .*\/old$/,
      /have the sidecar, from an older version: old/,
    );
    await api.delete(PODS, { namespace, name: 'old' });
  });
});

/** Servers before Kubernetes 1.33 say of a template that it was never created, later ones nothing. */
function neverCreated(metadata: object): object {
  return { creationTimestamp: null, ...metadata };
}
