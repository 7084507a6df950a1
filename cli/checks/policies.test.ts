import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeApi, KubeObject, Resource } from '../../kubernetes/api.ts';
import { KubeError } from '../../kubernetes/errors.ts';
import { podIn } from '../../test/support/pod-stream.ts';
import { pod as injectedPod, NAMESPACE } from '../testing/scene.ts';
import { MISPLACED } from './labels.ts';
import { MISSED } from './pods.ts';
import { POLICIES } from './policies.ts';
import { WEBHOOK } from './webhook.ts';
import { World } from './world.ts';

const named = (...ends: readonly string[]) => ends.map((end) => ({ metadata: { name: `x-inject-${end}` } }));
const policy = (followed: readonly object[] = [], namespace = NAMESPACE) => ({
  metadata: { name: 'x-inject-pods' },
  spec: {
    variables: [
      { name: 'controllerNamespace', expression: JSON.stringify(namespace) },
      { name: 'followed', expression: JSON.stringify(followed) },
    ],
  },
});

/** As the chart makes them. */
const ALL: Readonly<Record<string, readonly KubeObject[]>> = {
  mutatingadmissionpolicies: [policy(), ...named('workloads')],
  mutatingadmissionpolicybindings: named('pods', 'pods-of-namespaces', 'workloads'),
  validatingadmissionpolicies: [policy()],
  validatingadmissionpolicybindings: named('pods', 'pods-of-namespaces'),
};
const OTHERS = { namespaces: [{ metadata: { name: 'shop' } }], pods: [], mutatingwebhookconfigurations: [] };

const denied = new KubeError('POST /pods failed with 422: denied', { status: 422, reason: 'Invalid' });

/** A kind that is not named is not served. */
function world(objects: Readonly<Record<string, readonly KubeObject[]>>, made: KubeObject | KubeError) {
  const list = async ({ plural }: Resource) => {
    const items = { ...OTHERS, ...objects }[plural];
    if (items === undefined)
      throw new KubeError('GET /x failed with 404', { status: 404, reason: 'NotFound' });
    return { items };
  };
  const create = () => (made instanceof KubeError ? Promise.reject(made) : Promise.resolve(made));
  return new World({
    api: { list, create } as unknown as KubeApi,
    clock: { now: () => 0, elapsed: () => 0, after: () => () => undefined },
    abort: new AbortController().signal,
    followers: [{ follower: 'default', namespace: NAMESPACE, configMap: '', status: undefined, report: {} }],
  });
}

const INJECTED = injectedPod({ name: 'probe' });

test('nothing is found while all parts are there and a pod is injected', async () => {
  assert.deepEqual(await POLICIES.find(world(ALL, INJECTED)), { findings: [] });
  const { skipped, findings } = await WEBHOOK.find(world(ALL, INJECTED));
  assert.deepEqual([skipped, findings], ['there is none: the API server injects by policies', []]);
});

test('each part that is missing is found', async () => {
  for (const [plural, objects] of Object.entries(ALL)) {
    for (const { metadata } of objects) {
      const rest = { ...ALL, [plural]: objects.filter((object) => object.metadata !== metadata) };
      const { findings } = await POLICIES.find(world(rest, INJECTED));
      assert.deepEqual(
        findings.map(({ severity, about }) => [severity, about.split(' ')[1]]),
        [['problem', metadata.name]],
      );
    }
  }
});

test('a pod that comes out without the sidecar, or is refused, is found', async () => {
  const { findings: bare } = await POLICIES.find(world(ALL, podIn('shop')));
  assert.match(bare[0]?.text ?? '', /a labelled pod in namespace shop would get no sidecar/);
  const { findings: refused } = await POLICIES.find(world(ALL, denied));
  assert.match(refused[0]?.text ?? '', /no labelled pod can be created: .*denied/);
});

test('there is nothing to look at where the webhook injects, or Kubernetes knows no such policies', async () => {
  const another = [policy([], 'of-another')];
  const others = { ...ALL, mutatingadmissionpolicies: another, validatingadmissionpolicies: another };
  for (const objects of [{}, others]) {
    assert.match((await POLICIES.find(world(objects, INJECTED))).skipped ?? '', /there are none/);
    assert.match(
      (await WEBHOOK.find(world(objects, INJECTED))).findings[0]?.text ?? '',
      /labelled pods get no/,
    );
  }
});

test('what was missed is told by the words of what injects', async () => {
  const labels = { 'site-follower/inject': 'true' };
  const deployments = [{ metadata: { namespace: 'shop', name: 'web', labels }, spec: { template: {} } }];
  const pods = [injectedPod({ name: 'old', injected: false })];
  const rest = { deployments, pods, statefulsets: [], daemonsets: [], jobs: [], cronjobs: [] };
  for (const [policies, when] of [
    [{}, /it was (created before it asked, or|set) while the webhook was down/],
    [ALL, /it was (created before it asked, or|set) before the policies were there that inject now/],
  ] as const) {
    for (const { find } of [MISSED, MISPLACED]) {
      const { findings } = await find(world({ ...policies, ...rest }, INJECTED));
      assert.equal(findings.filter(({ text }) => when.test(text)).length, 1, JSON.stringify(findings));
    }
  }
});
