import assert from 'node:assert/strict';
import { test } from 'node:test';
import { webhookConfiguration } from '../../webhook/configuration.ts';
import { layered } from '../support/chart/examples.ts';
import { chartUnderTest, type Manifest, NAMESPACE, only, RELEASE, SITES } from '../support/chart/render.ts';

const chart = await chartUnderTest();
const NAME = `${RELEASE}-webhook`;

for (const failurePolicy of ['Fail', 'Ignore'] as const) {
  test(`the webhook is called as the code wants it, with ${failurePolicy}`, async () => {
    const manifests = await chart.render({ values: layered(SITES, { webhook: { failurePolicy } }) });
    const { webhooks } = only(manifests, 'MutatingWebhookConfiguration') as Manifest & { webhooks: unknown };
    const client = { service: { name: NAME, namespace: NAMESPACE, path: '/mutate', port: 443 } };
    const wanted = webhookConfiguration({ namespace: NAMESPACE, client, failurePolicy });
    assert.deepEqual(webhooks, wanted.webhooks);
  });
}

test('nothing of the webhook is there where it is off', async () => {
  const manifests = await chart.render({ values: layered(SITES, { webhook: { enabled: false } }) });
  const left = manifests.filter(
    ({ kind, metadata }) => metadata.name.includes('webhook') || kind.startsWith('Mutating'),
  );
  assert.deepEqual(left, []);
});

test('every object is in the namespace of the release or belongs to none, except rights where they are needed', async () => {
  const manifests = await chart.render({ values: layered(SITES, { postgres: { create: true } }) });
  const elsewhere = manifests.filter(
    ({ metadata }) => metadata.namespace !== undefined && metadata.namespace !== NAMESPACE,
  );
  assert.deepEqual(
    [...new Set(elsewhere.map(({ kind, metadata }) => `${kind} ${metadata.namespace}`))].sort(),
    ['Role postgres', 'RoleBinding postgres'],
  );
});

test('two releases in one cluster have no name in common', async () => {
  const names = async (release: string) =>
    (await chart.render({ release })).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  const first = new Set(await names('one'));
  assert.deepEqual(
    (await names('two')).filter((name) => first.has(name)),
    [],
  );
});
