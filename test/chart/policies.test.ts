import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { layered } from '../support/chart/examples.ts';
import { chartUnderTest, type Manifest, SITES } from '../support/chart/render.ts';

const chart = await chartUnderTest();

const named = (manifests: readonly Manifest[]) =>
  manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort();
const isOfPolicies = (one: string) => /^(Mutating|Validating)AdmissionPolicy/.test(one);
const withWebhook = (webhook: object) => chart.render({ values: layered(SITES, { webhook }) });

interface Policy {
  readonly variables: readonly { readonly name: string; readonly expression: string }[];
  readonly failurePolicy: string;
}

/** What the policies are told, by its name. */
async function told(values: object): Promise<Readonly<Record<string, unknown>>> {
  const manifests = await chart.render({
    values: layered(SITES, { webhook: { mode: 'policy' } }, values),
  });
  const found = manifests.find(
    ({ kind, metadata }) => kind === 'MutatingAdmissionPolicy' && metadata.name.endsWith('-pods'),
  );
  assert.ok(found);
  const { variables } = found.spec as unknown as Policy;
  const given = variables.slice(
    0,
    variables.findIndex(({ name }) => name === 'annotations'),
  );
  // Their values are literals, which are JSON too.
  return Object.fromEntries(given.map(({ name, expression }) => [name, JSON.parse(expression)]));
}

describe('webhook.mode', () => {
  test('policy renders the policies, and no more than without a webhook', async () => {
    const [policy, none] = [
      named(await withWebhook({ mode: 'policy' })),
      named(await withWebhook({ enabled: false })),
    ];
    assert.deepEqual(
      policy.filter((one) => !isOfPolicies(one)),
      none,
    );
    assert.equal(policy.filter(isOfPolicies).length, 11);
  });

  test('both renders what each of the two renders, and webhook is the default', async () => {
    const [both, policy, webhook, usual] = [
      named(await withWebhook({ mode: 'both' })),
      named(await withWebhook({ mode: 'policy' })),
      named(await withWebhook({ mode: 'webhook' })),
      named(await chart.render()),
    ];
    assert.deepEqual(both, [...new Set([...policy, ...webhook])].sort());
    assert.deepEqual(usual, webhook);
    assert.deepEqual(webhook.filter(isOfPolicies), []);
  });

  test('policy is refused by one message before Kubernetes 1.36', async () => {
    const values = layered(SITES, { webhook: { mode: 'policy' } });
    const on = (version: string) => chart.text({ values, args: ['--kube-version', version] });
    await assert.rejects(
      on('1.35.4'),
      /webhook\.mode: policy needs Kubernetes 1\.36 or later.* this is v1\.35\.4/,
    );
    await on('1.36.0');
    // As providers of clusters name their versions.
    await on('v1.36.2-gke.1000');
  });

  test('so is the policy for our own accounts before Kubernetes 1.30', async () => {
    const values = layered(SITES, { admissionPolicy: { enabled: true } });
    const on = (version: string) => chart.text({ values, args: ['--kube-version', version] });
    await assert.rejects(
      on('1.29.14'),
      /admissionPolicy\.enabled: needs Kubernetes 1\.30 or later.* this is v1\.29\.14/,
    );
    assert.match(await on('v1.30.1-eks-1'), /^kind: ValidatingAdmissionPolicy$/m);
  });

  test('off, there are no policies either', async () => {
    assert.deepEqual(named(await withWebhook({ enabled: false, mode: 'policy' })).filter(isOfPolicies), []);
  });
});

test('the policies are told what the webhook is told', async () => {
  const usual = {
    image: 'kube-site-follower:0.1.0',
    imagePullPolicy: 'IfNotPresent',
    controllerNamespace: 'release-namespace',
    statusName: 'kube-site-follower-status',
    followed: [],
    runAsUser: 65_532,
    usualCpuRequest: '5m',
    usualMemoryRequest: '32Mi',
    usualCpuLimit: '',
    usualMemoryLimit: '64Mi',
  };
  assert.deepEqual(await told({}), usual);
  const own = {
    image: { repository: 'registry.example.com/x', digest: `sha256:${'0'.repeat(64)}`, pullPolicy: 'Always' },
    podSecurity: { runAsUser: null },
    sidecar: { resources: { requests: { cpu: '7m' }, limits: { cpu: 1, memory: '96Mi' } } },
    controller: { config: { configMapName: 'status-of-mine' } },
  };
  assert.deepEqual(await told(own), {
    ...usual,
    image: `registry.example.com/x@sha256:${'0'.repeat(64)}`,
    imagePullPolicy: 'Always',
    statusName: 'status-of-mine',
    runAsUser: 0,
    usualCpuRequest: '7m',
    usualCpuLimit: '1',
    usualMemoryLimit: '96Mi',
  });
});

test('failurePolicy is that of the policies, too', async () => {
  const manifests = await withWebhook({ mode: 'policy', failurePolicy: 'Ignore' });
  const policies = manifests.filter(
    ({ kind, metadata }) => kind.endsWith('AdmissionPolicy') && !metadata.name.endsWith('-remarks'),
  );
  assert.deepEqual(
    policies.map(({ spec }) => (spec as unknown as Policy).failurePolicy),
    policies.map(() => 'Ignore'),
  );
});
