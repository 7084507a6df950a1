import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import { NAMESPACES } from '../../kubernetes/resources.ts';
import { deniedMessage } from '../../webhook/admission.ts';
import { isInjected } from '../../webhook/inject/decision.ts';
import { injectPod } from '../../webhook/inject/inject.ts';
import { readPod } from '../../webhook/inject/shape.ts';
import { loadInjectorConfig } from '../../webhook/injector-config.ts';
import { DIFFERENCES } from '../../webhook/policy/differences.ts';
import { chartUnderTest } from '../support/chart/render.ts';
import { startControlPlane } from '../support/control-plane.ts';
import { GOLDEN_ENV, goldenCases } from '../support/golden.ts';
import { admitAll, comparable, dryRun, makeSurroundings, OFFLINE } from '../support/golden-cluster.ts';
import { applyPatch } from '../support/json-patch.ts';
import { applyPolicies } from '../support/policies.ts';
import { SeededRandom } from '../support/random.ts';
import { createNamespace, ensureNamespace } from '../support/seed.ts';

const chart = await chartUnderTest();
// Its own, as the policies are about every pod in it.
const plane = await startControlPlane({ controllers: true, policies: true });
after(() => plane.stop());

const NAMESPACE = 'kube-site-follower';
const sites = [{ name: 'us-east', nodeName: 'node-1' }];
const VALUES = {
  webhook: { mode: 'policy' },
  image: { repository: 'example/site-follower', tag: '1' },
  controller: {
    config: {
      followers: [
        { name: 'default', sites, trigger: { kind: 'cnpg', namespace: 'pg' } },
        {
          name: 'patroni',
          sites,
          trigger: { kind: 'pod-label', preset: 'patroni', cluster: 'pg', namespace: 'of-patroni' },
        },
        {
          name: 'mongo',
          sites,
          trigger: { kind: 'mongodb', members: ['m-0.svc:27017', 'm-1:27017'], namespace: 'of-mongo' },
        },
        { name: 'lease', sites, trigger: { kind: 'lease', name: 'leader', namespace: 'of-lease' } },
      ],
    },
  },
};

// In the namespace of the golden manifests' controller.
const manifests = await chart.render({ values: VALUES, args: ['--namespace', NAMESPACE] });
await applyPolicies(plane, manifests, await createNamespace(plane));

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
      for (const [, kind, said = ''] of OFFLINE.includes(name) ? [] : messages.matchAll(WORDS)) {
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

  test('with a number of a megabyte is refused before the API server has counted with it', async () => {
    const namespace = await createNamespace(plane);
    for (const annotation of [ANNOTATIONS.cpuLimit, ANNOTATIONS.memoryRequest]) {
      const annotations = { [annotation]: '1'.repeat(1_000_000) };
      const { pod: made, words } = await dryRun(plane, 'Pod', namespace, pod({ annotations }));
      assert.equal(made, undefined);
      assert.match(words.join(), /metadata.annotations: Too long/);
    }
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

  test('that asks and gets no sidecar, or has an annotation that nothing reads, is remarked on', async () => {
    const namespace = await createNamespace(plane);
    const annotations = { 'site-follower/gates': 'none' };
    const on = await dryRun(plane, 'Pod', namespace, pod({ annotations }, { hostNetwork: true }));
    assert.deepEqual(
      on.words.map((word) => word.replace(/^.*: (no sidecar: |annotation )/, '$1')),
      [
        'no sidecar: pods with hostNetwork share the ports of their node, so the sidecar cannot run in them',
        'annotation site-follower/gates is not known and has no effect',
      ],
    );
    assert.ok(on.pod !== undefined && !hasSidecar(on.pod));
    const member = { labels: { [LABELS.inject]: 'true', 'cnpg.io/podRole': 'instance' } };
    const database = await dryRun(plane, 'Pod', namespace, pod(member));
    assert.match(database.words.join(), /no sidecar: it belongs to a database/);
  });

  for (const [what, namespace, metadata, expected] of [
    ['of the preset of a follower', 'of-patroni', labelled({ 'cluster-name': 'pg' }), false],
    ['of another cluster there', 'of-patroni', labelled({ 'cluster-name': 'other' }), true],
    ['of such a cluster elsewhere', 'shop', labelled({ 'cluster-name': 'pg' }), true],
    ['named as a member', 'of-mongo', { name: 'm-1' }, false],
    ['named as none', 'of-mongo', { name: 'm-2' }, true],
    ['where only the primary tells the members', 'of-lease', {}, false],
  ] as const) {
    test(`${what} ${expected ? 'is injected' : 'is left alone'}`, async () => {
      await ensureNamespace(plane, namespace);
      const { pod: made, words } = await dryRun(plane, 'Pod', namespace, pod(metadata));
      assert.ok(made !== undefined, words.join());
      assert.equal(hasSidecar(made), expected);
    });
  }
});

function labelled(labels: object) {
  return { labels: { [LABELS.inject]: 'true', ...labels } };
}

/** Texts that are at the edges of what an annotation may be, and beyond. */
const TEXTS: Readonly<Record<string, readonly string[]>> = {
  [ANNOTATIONS.follower]: ['default', 'orders', 'Orders', '-a', 'a'.repeat(32), 'a'.repeat(33), '', 'a_b'],
  [ANNOTATIONS.gate]: ['readiness', 'condition', 'none', 'None', ''],
  [ANNOTATIONS.whenStale]: ['hold', 'standby', 'stand "by"', "it's", 'a\\b'],
  [ANNOTATIONS.staleAfter]: ['5', '4', '86400', '86401', '007', '1e2', '-5', '5.0', ' 5', '99999999999'],
  [ANNOTATIONS.port]: ['1024', '1023', '65535', '65536', '09911', '9912'],
  [ANNOTATIONS.probePort]: ['9911', '9912', '8080', '1e4', '٩٩١١'],
  [ANNOTATIONS.onStandby]: [
    '8080/drain',
    ':08080/',
    '0/x',
    '65536/x',
    '8080',
    'drain',
    '80/ä',
    '80/a/b?c=:d',
    '80/ x',
  ],
  [ANNOTATIONS.onActive]: ['1/x', ':65535/y', '::1/x', '/x'],
  [ANNOTATIONS.hookTimeout]: ['1', '0', '300', '301'],
  [ANNOTATIONS.hookRetries]: ['0', '100', '101'],
  [ANNOTATIONS.cpuRequest]: ['0', '50m', '.5', '1.', '1e-2', '1u', '-1', '+1', '1 ', '50M', '1e999'],
  [ANNOTATIONS.cpuLimit]: ['10m', '9m', '9999u', '1', '2E1', '2'.padStart(32, '0'), '2'.padStart(33, '0')],
  [ANNOTATIONS.memoryRequest]: ['1Mi', '1M', '65Mi', '0.1Gi', '1mi'],
  [ANNOTATIONS.memoryLimit]: ['32Mi', '31Mi', '33554432', '3.2e7', '1Gi', 'x'.repeat(80)],
};
const POD = {
  spec: { containers: [{ name: 'web', image: 'example/web:1', ports: [{ containerPort: 8_080 }] }] },
};

test('any settings come out as those of the webhook, or are refused with its words', async (t) => {
  const random = new SeededRandom('settings');
  const namespace = await createNamespace(plane);
  const loaded = loadInjectorConfig(GOLDEN_ENV);
  assert.ok(loaded.ok);
  const context = { namespace, namespaceAsks: false };
  const counts = { injected: 0, denied: 0 };
  for (let round = 0; round < 300; round += 1) {
    const names = Object.keys(TEXTS).filter(() => random.chance(0.15));
    const annotations = Object.fromEntries(names.map((name) => [name, random.pick(TEXTS[name] ?? [])]));
    const pod = { metadata: { name: 'web', labels: { [LABELS.inject]: 'true' }, annotations }, ...POD };
    const { pod: made, words } = await dryRun(plane, 'Pod', namespace, pod);
    const injection = injectPod(pod, context, loaded.value);
    const said = `${JSON.stringify(annotations)}: ${words.join()}`;
    if (injection.kind === 'denied') {
      assert.equal(made, undefined, said);
      const message = deniedMessage(injection.problems);
      assert.ok(words.join().includes(message), `${said}, and not ${message}`);
      counts.denied += 1;
      continue;
    }
    assert.equal(injection.kind, 'injected');
    const wanted = await dryRun(plane, 'Pod', namespace, applyPatch(pod, injection.patch));
    assert.deepEqual(comparable(made), comparable(wanted.pod), said);
    counts.injected += 1;
  }
  t.diagnostic(JSON.stringify(counts));
  assert.ok(counts.injected > 30 && counts.denied > 30, 'both are tried');
});
