/** A pod that gets the sidecar and the proxy of a mesh, in whichever order the injectors are asked. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { LABELS, PORTS } from '../../contract/names.ts';
import { SIDECAR_CONTAINER } from '../../contract/sidecar.ts';
import { admit } from '../../webhook/admission.ts';
import { injectPod } from '../../webhook/inject/inject.ts';
import { readPod } from '../../webhook/inject/shape.ts';
import { loadInjectorConfig } from '../../webhook/injector-config.ts';
import { webhookConfiguration } from '../../webhook/webhook-configuration.ts';
import { patched, startAdmissionWebhook } from '../support/admission-webhook.ts';
import { GOLDEN_ENV } from '../support/golden.ts';
import { applyPatch } from '../support/json-patch.ts';
import { injectIstio } from '../support/mesh/istio.ts';
import { injectLinkerd } from '../support/mesh/linkerd.ts';
import { type MeshPod, stuckAt } from '../support/mesh/pod.ts';
import { post } from '../support/raw-api.ts';
import { createNamespace } from '../support/seed.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { until } from '../support/until.ts';
import { letInto, scopedTo } from '../support/webhook-scope.ts';

const loaded = loadInjectorConfig(GOLDEN_ENV);
assert.ok(loaded.ok);
const { value: config } = loaded;
const plane = await sharedControlPlane();
const SCOPE = 'meshes';

const INJECTORS = {
  'Istio with native sidecars': (pod: MeshPod) => injectIstio(pod, { native: true, heedsPorts: true }),
  'Istio with native sidecars, before 2025': (pod: MeshPod) =>
    injectIstio(pod, { native: true, heedsPorts: false }),
  'Istio without them': (pod: MeshPod) => injectIstio(pod, { native: false, heedsPorts: true }),
  'Istio without them, before 2025': (pod: MeshPod) => injectIstio(pod, { native: false, heedsPorts: false }),
  'Linkerd with native sidecars': (pod: MeshPod) => injectLinkerd(pod, { native: true }),
  'Linkerd without them': (pod: MeshPod) => injectLinkerd(pod, { native: false }),
};
type Injector = (pod: MeshPod) => MeshPod;

const LEFT_OUT = {
  'traffic.sidecar.istio.io/excludeInboundPorts': String(PORTS.probe),
  'config.linkerd.io/skip-inbound-ports': String(PORTS.probe),
};

const asking = (annotations: Readonly<Record<string, string>>): MeshPod => ({
  metadata: { name: 'web', labels: { [LABELS.inject]: 'true' }, annotations },
  spec: {
    containers: [
      { name: 'web', image: 'example/web:1', readinessProbe: { httpGet: { path: '/', port: 80 } } },
    ],
  },
});

function answer(body: unknown, inject: Injector) {
  const { request } = body as { readonly request: { readonly object: MeshPod } };
  const { metadata, spec } = inject(request.object);
  return patched(body, [
    { op: 'add', path: '/metadata', value: metadata },
    { op: 'add', path: '/spec', value: spec },
  ]);
}

/** The mesh's webhook by this name: the API server asks webhooks in the order of their names. */
async function mesh(name: string, inject: Injector, reinvocationPolicy: 'Never' | 'IfNeeded') {
  const ours = webhookConfiguration({ namespace: '', client: { url: '' } }).webhooks?.find(
    ({ name: entry }) => entry.startsWith('pods.'),
  );
  assert.ok(ours);
  return startAdmissionWebhook(
    plane,
    (body) => answer(body, inject),
    (client) =>
      scopedTo(SCOPE, {
        metadata: { name },
        webhooks: [
          {
            ...ours,
            name: 'mesh.example.test',
            clientConfig: client,
            matchConditions: [],
            reinvocationPolicy,
          },
        ],
      }),
  );
}

const ORDERS = {
  'asked before ours': ['a-mesh', 'Never'],
  'asked after ours': ['z-mesh', 'Never'],
  'asked before ours, and again': ['a-mesh', 'IfNeeded'],
} as const;

const hasProxy = ({ spec }: MeshPod) =>
  [...(spec.initContainers ?? []), ...spec.containers].some(({ name }) => name.endsWith('-proxy'));

describe('a pod with a mesh', async () => {
  const webhook = await startAdmissionWebhook(
    plane,
    (body) => admit(body, config),
    (client) =>
      scopedTo(SCOPE, webhookConfiguration({ namespace: config.namespace, name: 'm-ours', client })),
  );
  after(() => webhook.stop());

  for (const [title, inject] of Object.entries(INJECTORS)) {
    for (const [order, [name, policy]] of Object.entries(ORDERS)) {
      test(`${title}, ${order}, starts`, async (t) => {
        const namespace = await createNamespace(plane, 'mesh');
        await letInto(SCOPE, plane, namespace);
        const other = await mesh(name, inject, policy);
        t.after(() => other.stop());
        const made = async (pod: MeshPod) => {
          const { status, body, warnings } = await post(
            plane,
            `/api/v1/namespaces/${namespace}/pods?dryRun=All`,
            { apiVersion: 'v1', kind: 'Pod', ...pod },
          );
          assert.equal(status, 201, body.message);
          return { pod: body as unknown as MeshPod, warnings };
        };
        await until('the mesh is asked', async () => hasProxy((await made(asking({}))).pod) || undefined, {
          timeoutMs: 60_000,
        });
        for (const annotations of [{}, LEFT_OUT]) {
          const { pod, warnings } = await made(asking(annotations));
          assert.ok(pod.spec.initContainers?.some(({ name }) => name === SIDECAR_CONTAINER));
          assert.equal(stuckAt(pod), undefined);
          if (name === 'a-mesh') {
            const said = warnings.some((warning) => warning.includes(`at port ${PORTS.probe}`));
            assert.equal(said, annotations !== LEFT_OUT, warnings.join('\n'));
          }
        }
        // With ours in the manifest already, we are asked where it could not start so; not if Istio did it after us.
        const { pod } = await made(injectedOffline());
        const isTooLate = title.startsWith('Istio without') && name === 'z-mesh';
        assert.equal(stuckAt(pod), isTooLate ? SIDECAR_CONTAINER : undefined);
      });
    }
  }
});

function injectedOffline(): MeshPod {
  const read = readPod(asking({}));
  assert.ok(read.ok);
  const injection = injectPod(read.value, { namespace: '', namespaceAsks: false }, config);
  assert.equal(injection.kind, 'injected');
  return applyPatch(asking({}), injection.kind === 'injected' ? injection.patch : []) as MeshPod;
}
