import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import { NAMESPACES } from '../../kubernetes/resources.ts';
import { isInjected } from '../../webhook/inject/decision.ts';
import { readPod } from '../../webhook/inject/shape.ts';
import { DIFFERENCES } from '../../webhook/policy/differences.ts';
import { layered } from '../support/chart/examples.ts';
import { chartUnderTest, SITES } from '../support/chart/render.ts';
import { startControlPlane } from '../support/control-plane.ts';
import { goldenCases } from '../support/golden.ts';
import { admitAll, comparable, dryRun, makeSurroundings } from '../support/golden-cluster.ts';
import { applyPolicies, policiesIn } from '../support/policies.ts';
import { createNamespace, ensureNamespace } from '../support/seed.ts';

const chart = await chartUnderTest();
// Its own, as the policies are about every pod in it.
const plane = await startControlPlane({ controllers: true, policies: true });
after(() => plane.stop());

const NAMESPACE = 'kube-site-follower';
const POLICY = { webhook: { mode: 'policy' }, image: { repository: 'example/site-follower', tag: '1' } };

/** In the namespace of the golden manifests' controller. */
async function rendered(values: object = {}) {
  const args = ['--namespace', NAMESPACE];
  return policiesIn(await chart.render({ values: layered(layered(SITES, POLICY), values), args }));
}

await applyPolicies(plane, await rendered(), await createNamespace(plane));

function hasSidecar(pod: unknown): boolean {
  const read = readPod(pod);
  assert.ok(read.ok, read.ok ? '' : read.problem);
  return isInjected(read.value);
}

const WORDS = /: (warning|refused): (.*)/g;

describe('the policies of the chart, without a webhook', async () => {
  const namespace = await createNamespace(plane, 'golden');
  const missing: string[] = [];

  for (const { name, input, expected, messages } of goldenCases()) {
    test(`${name} comes out as it does by the webhook`, async () => {
      await makeSurroundings(plane, input);
      const pods = await admitAll(plane, input, namespace);
      const words = pods.flatMap((pod) => pod.words).join('\n');
      for (const [, kind, said = ''] of messages.matchAll(WORDS)) {
        if (words.includes(said)) continue;
        assert.equal(kind, 'warning', `"${said}" was not said, but: ${words}`);
        missing.push(said);
      }
      const wanted = expected === undefined ? [] : await admitAll(plane, expected, namespace);
      assert.deepEqual(
        pods.map(({ pod }) => comparable(pod)),
        expected === undefined ? pods.map(() => undefined) : wanted.map(({ pod }) => comparable(pod)),
      );
    });
  }

  test('leave unsaid what the table of differences says, and no more', () => {
    const said = DIFFERENCES.flatMap(({ unsaid }) => unsaid ?? []);
    assert.deepEqual(
      missing.filter((word) => !said.some((pattern) => pattern.test(word))),
      [],
      'not in the table',
    );
    assert.deepEqual(
      said.filter((pattern) => !missing.some((word) => pattern.test(word))),
      [],
      'in the table, but said',
    );
  });
});

describe('a pod', () => {
  const pod = (metadata: object, spec: object = {}) => ({
    metadata: { name: 'web', labels: { [LABELS.inject]: 'true' }, ...metadata },
    spec: { containers: [{ name: 'web', image: 'example/web:1' }], ...spec },
  });

  test('is refused with all that is wrong with it', async () => {
    const annotations = { [ANNOTATIONS.port]: '80', [ANNOTATIONS.memoryLimit]: '16Mi' };
    const volumes = [{ name: 'site-follower-token', emptyDir: {} }];
    const namespace = await createNamespace(plane);
    const { pod: made, words } = await dryRun(plane, 'Pod', namespace, pod({ annotations }, { volumes }));
    assert.equal(made, undefined);
    assert.match(
      words.join(),
      /the sidecar of kube-site-follower cannot be injected: annotation site-follower\/port: "80" must be a whole number from 1024 to 65535; annotation site-follower\/memory-limit: "16Mi" must be at least 32Mi; a volume is named "site-follower-token", as one of the sidecar has to be; rename it$/,
    );
  });

  test('without a label, and in the namespaces of the release and the system, is left alone', async () => {
    for (const [namespace, labels] of [
      [await createNamespace(plane), {}],
      [await createNamespace(plane), { [LABELS.inject]: 'false' }],
      [NAMESPACE, { [LABELS.inject]: 'true' }],
      ['kube-system', { [LABELS.inject]: 'true' }],
    ] as const) {
      await ensureNamespace(plane, namespace);
      const { pod: made, words } = await dryRun(plane, 'Pod', namespace, pod({ labels }));
      assert.ok(made !== undefined && !hasSidecar(made), words.join());
    }
  });

  test('whose namespace asks carries that label, and meets Pod Security restricted', async () => {
    const namespace = await createNamespace(plane);
    const labels = { [LABELS.inject]: 'true', 'pod-security.kubernetes.io/enforce': 'restricted' };
    await plane.api.patch(NAMESPACES, { name: namespace }, { metadata: { labels } }, { type: 'merge' });
    const securityContext = {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    };
    const containers = [{ name: 'web', image: 'example/web:1', securityContext }];
    const { pod: made, words } = await dryRun(
      plane,
      'Pod',
      namespace,
      pod({ labels: { app: 'web' } }, { containers }),
    );
    assert.ok(made !== undefined && hasSidecar(made), words.join());
    const { labels: own, annotations } = made.metadata as Record<'labels' | 'annotations', object>;
    assert.deepEqual(own, { app: 'web', [LABELS.inject]: 'true' });
    assert.deepEqual(annotations, {
      [ANNOTATIONS.status]: 'injected',
      [ANNOTATIONS.carriedLabel]: 'namespace',
    });
  });

  test('that is injected already is not injected again', async () => {
    const namespace = await createNamespace(plane);
    const { pod: once } = await dryRun(plane, 'Pod', namespace, pod({}));
    const { metadata, spec } = once as Record<'metadata' | 'spec', Record<string, unknown>>;
    const again = {
      metadata: { name: 'web', labels: metadata.labels, annotations: metadata.annotations },
      spec,
    };
    const { pod: twice, words } = await dryRun(plane, 'Pod', namespace, again);
    assert.deepEqual(comparable(twice), comparable(once), words.join());
  });

  test('whose probes Istio has taken gets those of its sidecar back', async () => {
    const namespace = await createNamespace(plane);
    const { pod: once } = await dryRun(plane, 'Pod', namespace, pod({}));
    const { metadata, spec } = once as Record<'metadata' | 'spec', Record<string, unknown>>;
    const containers = [...(spec.containers as object[]), { name: 'istio-proxy', image: 'example/istio:1' }];
    const initContainers = (spec.initContainers as Record<string, object>[]).map((container) => ({
      ...container,
      startupProbe: {
        ...container.startupProbe,
        httpGet: { path: '/app-health/site-follower/startupz', port: 15_020 },
      },
    }));
    const { pod: restored, words } = await dryRun(plane, 'Pod', namespace, {
      metadata: { name: 'web', labels: metadata.labels, annotations: metadata.annotations },
      spec: { ...spec, containers, initContainers },
    });
    const probe = (of: unknown) => (of as { initContainers: { startupProbe: object }[] }).initContainers[0];
    assert.ok(restored !== undefined, words.join());
    assert.deepEqual(probe(restored.spec)?.startupProbe, probe(spec)?.startupProbe);
  });
});
