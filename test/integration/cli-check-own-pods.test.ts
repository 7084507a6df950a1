/** `check` where the chart is installed and its pods do not start: the registry, the digest, a policy of the cluster. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEPLOYMENTS } from '../../cli/cluster/workloads.ts';
import { runCli } from '../../cli/testing/terminal.ts';
import type { KubeObject } from '../../kubernetes/api.ts';
import { PODS, type Pod } from '../../kubernetes/resources.ts';
import { chartUnderTest, only, SITES } from '../support/chart/render.ts';
import { VALIDATING_POLICIES, VALIDATING_POLICY_BINDINGS } from '../support/policies.ts';
import { post } from '../support/raw-api.ts';
import { createNamespace, createNodes, SERVICE_ACCOUNTS } from '../support/seed.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { until } from '../support/until.ts';

const plane = await sharedControlPlane();
const { api } = plane;
const chart = await chartUnderTest();
const IMAGE = `registry.example.com/kube-site-follower@sha256:${'0'.repeat(64)}`;
const WAIT = { timeoutMs: 60_000 };

/** As Helm makes it, in a namespace that has nothing of it yet. */
async function installController(namespace: string): Promise<void> {
  const [repository, digest] = IMAGE.split('@');
  const values = { ...SITES, image: { repository, digest } };
  const manifests = await chart.render({ values, args: ['--namespace', namespace] });
  await api.create(SERVICE_ACCOUNTS, only(manifests, 'ServiceAccount', '-controller'));
  await api.create(DEPLOYMENTS, only(manifests, 'Deployment', '-controller') as KubeObject);
}

/** What the command says, as soon as that has `wanted`. */
function says(namespace: string, wanted: RegExp): Promise<{ readonly code: number; readonly text: string }> {
  return until(
    `check says ${wanted}`,
    async () => {
      const { code, out, err } = await runCli(['check', '-n', namespace], {
        env: { KUBECONFIG: plane.kubeconfig },
      });
      const text = `${out}${err}`.replaceAll(/\s+/g, ' ');
      if (!wanted.test(text)) throw new Error(`it says ${text}`);
      return { code, text };
    },
    WAIT,
  );
}

test('an image that the registry does not have, in the words of the kubelet', {
  timeout: 120_000,
}, async () => {
  const namespace = await createNamespace(plane, 'no-image');
  await createNodes(api, [{ name: namespace, labels: {} }]);
  await installController(namespace);
  const pod = await until(
    'there is a pod',
    async (abort): Promise<Pod | undefined> => (await api.list(PODS, { namespace, abort })).items[0],
    WAIT,
  );
  // Until then nothing is known to be wrong.
  const { code, err } = await runCli(['check', '-n', namespace], { env: { KUBECONFIG: plane.kubeconfig } });
  assert.deepEqual([code, /has published no status yet: pod /.test(err)], [3, true]);

  const { name } = pod.metadata;
  const target = { apiVersion: 'v1', kind: 'Node', name: namespace };
  const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target };
  await post(plane, `/api/v1/namespaces/${namespace}/pods/${name}/binding`, binding);
  const message = `Back-off pulling image "${IMAGE}": ErrImagePull: failed to resolve reference "${IMAGE}": ${IMAGE}: manifest unknown`;
  const state = { waiting: { reason: 'ImagePullBackOff', message } };
  const status = {
    phase: 'Pending',
    containerStatuses: [{ name: 'controller', image: '', imageID: '', ready: false, restartCount: 0, state }],
  };
  await api.patch(PODS, { namespace, name }, { status }, { type: 'merge', subresource: 'status' });
  const said = await says(namespace, /this pod does not start/);
  assert.equal(said.code, 1);
  assert.match(
    said.text,
    /Image registry\.example\.com\/kube-site-follower@sha256:0+: \S+ cannot pull it \(ImagePullBackOff: manifest unknown\), so this pod does not start: \S+ → Compare image\.repository, image\.tag and image\.digest/,
  );
});

test('an image that a policy of the cluster refuses, in the words of the policy', {
  timeout: 120_000,
}, async () => {
  const namespace = await createNamespace(plane, 'unsigned');
  const metadata = { name: `signed-${namespace}` };
  await api.create(VALIDATING_POLICIES, {
    metadata,
    spec: {
      matchConstraints: {
        resourceRules: [
          { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] },
        ],
      },
      validations: [{ expression: 'false', message: 'the image has no signature of ours' }],
    },
  });
  await api.create(VALIDATING_POLICY_BINDINGS, {
    metadata,
    spec: {
      policyName: metadata.name,
      validationActions: ['Deny'],
      matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } },
    },
  });
  await until(
    'the policy is in force',
    async () => {
      const spec = { containers: [{ name: 'a', image: 'a' }] };
      const made = api.create(PODS, { metadata: { namespace, name: 'tried' }, spec }, { dryRun: true });
      return made.then(
        () => undefined,
        (error: unknown) => /no signature/.test(String(error)) || undefined,
      );
    },
    WAIT,
  );
  await installController(namespace);
  const said = await says(namespace, /its pods are refused/);
  assert.equal(said.code, 1);
  assert.match(
    said.text,
    /Deployment .*-controller: its pods are refused: .*the image has no signature of ours/,
  );
});
