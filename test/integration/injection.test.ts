import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { SIDECAR_CONTAINER } from '../../contract/sidecar.ts';
import type { KubeObject } from '../../kubernetes/api.ts';
import { NAMESPACES, namespaced, PODS } from '../../kubernetes/resources.ts';
import { admit } from '../../webhook/admission.ts';
import { isInjected } from '../../webhook/inject/decision.ts';
import { readPod } from '../../webhook/inject/shape.ts';
import { loadInjectorConfig } from '../../webhook/injector-config.ts';
import { webhookConfiguration } from '../../webhook/webhook-configuration.ts';
import { patched, startAdmissionWebhook } from '../support/admission-webhook.ts';
import { startControlPlane } from '../support/control-plane.ts';
import { GOLDEN_ENV, goldenCases } from '../support/golden.ts';
import { admitAll, comparable, dryRun, makeSurroundings, OFFLINE } from '../support/golden-cluster.ts';
import { createNamespace } from '../support/seed.ts';
import { until } from '../support/until.ts';

const loaded = loadInjectorConfig(GOLDEN_ENV);
assert.ok(loaded.ok);
const { value: config } = loaded;

// Its own, as every pod in it is asked about.
const plane = await startControlPlane({ controllers: true });
const webhook = await startAdmissionWebhook(
  plane,
  (body) => admit(body, config),
  (client) => webhookConfiguration({ namespace: config.namespace, client }),
);
after(async () => {
  await webhook.stop();
  await plane.stop();
});

const WAIT = { timeoutMs: 60_000 };
const INJECT = 'site-follower/inject';
const DEPLOYMENTS = namespaced<Deployment>('apps/v1', 'deployments', 'Deployment');

interface InjectedPod extends KubeObject {
  readonly spec: {
    readonly initContainers?: readonly { readonly name: string }[];
    readonly containers: readonly { readonly name: string }[];
  };
}

interface Deployment extends KubeObject {
  readonly spec: { readonly template: { readonly metadata: KubeObject['metadata'] } };
}

function hasSidecar(pod: unknown): boolean {
  const read = readPod(pod);
  assert.ok(read.ok, read.ok ? '' : read.problem);
  return isInjected(read.value);
}

const namesOf = (containers: readonly { readonly name: string }[] | undefined) =>
  containers?.map(({ name }) => name);

describe('through the API server', async () => {
  const namespace = await createNamespace(plane, 'golden');
  const restricted = await createNamespace(plane, 'restricted');
  await plane.api.patch(
    NAMESPACES,
    { name: restricted },
    { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } },
    { type: 'merge' },
  );

  for (const { name, input, expected, messages } of goldenCases()) {
    test(`${name} comes out as it does offline`, async () => {
      await makeSurroundings(plane, input);
      const pods = await admitAll(plane, input, namespace);
      const words = pods.flatMap((pod) => pod.words).join('\n');
      for (const [, said] of OFFLINE.includes(name)
        ? []
        : messages.matchAll(/: (?:warning|refused): (.*)/g)) {
        assert.ok(words.includes(said ?? ''), `"${said}" was not said, but: ${words}`);
      }
      if (expected === undefined) {
        assert.deepEqual(
          pods.map(({ pod }) => pod),
          pods.map(() => undefined),
          'nothing may be made of what is refused',
        );
        return;
      }
      const wanted = await admitAll(plane, expected, namespace);
      if (name === 'pod-resources' && !wanted.every(({ pod }) => hasResourcesOfItsOwn(pod))) {
        // As before Kubernetes 1.32: the server drops what it does not know, so the sidecar has to ask for its own.
        for (const { pod } of pods) assert.notDeepEqual(resourcesOfSidecar(pod), {}, words);
        return;
      }
      assert.deepEqual(
        pods.map(({ pod }) => comparable(pod)),
        wanted.map(({ pod }) => comparable(pod)),
      );
      assert.deepEqual(
        pods.map(({ pod }) => pod !== undefined && hasSidecar(pod)),
        injectedIn(messages),
        `accepted, and with the sidecar where it is expected: ${words}`,
      );
    });

    if (expected === undefined || !injectedIn(messages).includes(true)) continue;
    test(`${name} is accepted where Pod Security is restricted`, async () => {
      for (const { pod } of await admitAll(plane, input, namespace)) {
        if (!hasSidecar(pod)) continue;
        const { words, pod: accepted } = await dryRun(plane, 'Pod', restricted, hardened(pod));
        assert.ok(accepted !== undefined && hasSidecar(accepted), words.join());
        assert.deepEqual(words, []);
      }
    });
  }
});

/** Those of the whole pod, which its containers share. */
function hasResourcesOfItsOwn(pod: unknown): boolean {
  return (
    (pod as { readonly spec?: { readonly resources?: object } } | undefined)?.spec?.resources !== undefined
  );
}

function resourcesOfSidecar(pod: unknown): unknown {
  const { spec } = pod as { spec: { initContainers: readonly { name: string; resources?: object }[] } };
  return spec.initContainers.find(({ name }) => name === SIDECAR_CONTAINER)?.resources ?? {};
}

/** For each object, whether the messages say that it was injected. */
function injectedIn(messages: string): boolean[] {
  return [...messages.matchAll(/: (injected|skipped: .*)$/gm)].map(([, said]) => said === 'injected');
}

interface Hardenable {
  readonly name: string;
  readonly ports?: readonly { readonly hostPort?: number }[];
}

/** The pod with containers that Pod Security lets pass, but the sidecar as it is. */
function hardened(pod: unknown): Record<string, unknown> {
  const { spec, metadata } = pod as {
    metadata: { labels: object; annotations: object };
    spec: { containers: Hardenable[]; initContainers: Hardenable[]; nodeName?: string };
  };
  const securityContext = {
    runAsNonRoot: true,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  };
  const harden = ({ ports, ...container }: Hardenable) => ({
    ...container,
    ...(ports && { ports: ports.map((port) => ({ ...port, hostPort: 0 })) }),
    securityContext,
  });
  return {
    metadata: { generateName: 'hard-', labels: metadata.labels, annotations: metadata.annotations },
    spec: {
      ...spec,
      containers: spec.containers.map(harden),
      initContainers: spec.initContainers.map((container) =>
        container.name === SIDECAR_CONTAINER ? container : harden(container),
      ),
    },
  };
}

describe('an injected pod', () => {
  const pod = (namespace: string) => ({
    metadata: { name: 'web', namespace, labels: { [INJECT]: 'true' } },
    spec: { containers: [{ name: 'web', image: 'example/web:1' }] },
  });

  test('is not asked about again when it is changed or deleted', async () => {
    const namespace = await createNamespace(plane);
    await plane.api.create(PODS, pod(namespace) as KubeObject);
    const { calls } = webhook;
    const label = { metadata: { labels: { colour: 'blue' } } };
    const changed = await plane.api.patch(PODS, { namespace, name: 'web' }, label, { type: 'merge' });
    assert.ok(hasSidecar(changed));
    await plane.api.delete(PODS, { namespace, name: 'web' });
    assert.equal(webhook.calls, calls);
  });

  test('is left alone when another webhook changes it, and we are asked once', async () => {
    const namespace = await createNamespace(plane);
    const ours = webhookConfiguration({ namespace: '', client: { url: '' } }).webhooks?.[0];
    assert.ok(ours);
    const other = await startAdmissionWebhook(plane, addContainer, (client) => ({
      // Asked after ours: the API server goes by name.
      metadata: { name: 'zz-other' },
      webhooks: [
        {
          ...ours,
          name: 'late.example.test',
          matchConditions: [],
          clientConfig: client,
          reinvocationPolicy: 'Never',
          namespaceSelector: {
            matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: [namespace] }],
          },
        },
      ],
    }));
    const before = webhook.calls;
    let tries = 0;
    // The API server takes a moment to know a new configuration.
    const made = await until(
      'the other webhook is asked too',
      async () => {
        tries += 1;
        const { pod: body } = await dryRun(plane, 'Pod', namespace, pod(namespace));
        const { spec } = (body ?? {}) as unknown as InjectedPod;
        return namesOf(spec.containers)?.includes('late') ? spec : undefined;
      },
      WAIT,
    );
    await other.stop();
    assert.deepEqual(namesOf(made.containers), ['web', 'late']);
    assert.deepEqual(namesOf(made.initContainers), [SIDECAR_CONTAINER]);
    // The API server sees for itself that there is nothing left to do, and asks us no second time.
    assert.equal(webhook.calls, before + tries);
  });
});

/** A webhook of somebody else. */
function addContainer(body: unknown) {
  const late = { name: 'late', image: 'example/late:1' };
  return patched(body, [{ op: 'add', path: '/spec/containers/-', value: late }]);
}

describe('kubectl label deployment', () => {
  test('is all it takes, and taking the label away undoes it', async () => {
    const namespace = await createNamespace(plane);
    const key = { namespace, name: 'web' };
    const metadata = { labels: { app: 'web' } };
    const containers = [{ name: 'web', image: 'example/web:1' }];
    const selector = { matchLabels: { app: 'web' } };
    await plane.api.create(DEPLOYMENTS, {
      metadata: key,
      spec: { replicas: 2, selector, template: { metadata, spec: { containers } } },
    } as unknown as Deployment);
    await podsBecome(namespace, [false, false]);

    const label = (value: string | null) =>
      plane.api.patch(DEPLOYMENTS, key, { metadata: { labels: { [INJECT]: value } } }, { type: 'merge' });
    const labelled = await label('true');
    assert.equal(labelled.spec.template.metadata.labels?.[INJECT], 'true');
    await podsBecome(namespace, [true, true]);

    const unlabelled = await label(null);
    assert.deepEqual(unlabelled.spec.template.metadata.labels, { app: 'web' });
    assert.equal(unlabelled.spec.template.metadata.annotations, undefined);
    await podsBecome(namespace, [false, false]);
  });

  /** There is no kubelet: the test says that pods are ready, and removes those that are to end. */
  async function podsBecome(namespace: string, sidecars: readonly boolean[]): Promise<void> {
    const conditions = [{ type: 'Ready', status: 'True' }];
    const status = { phase: 'Running', conditions };
    await until(
      `the pods have the sidecar: ${sidecars.join()}`,
      async () => {
        const { items } = await plane.api.list(PODS, { namespace });
        for (const { metadata, status: now } of items) {
          const key = { namespace, name: metadata.name };
          if (now?.phase !== 'Running') {
            await plane.api.patch(PODS, key, { status }, { type: 'merge', subresource: 'status' });
          }
        }
        const living = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
        return living.map(hasSidecar).join() === sidecars.join() || undefined;
      },
      WAIT,
    );
  }
});
