import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LabelRequirement } from '../kubernetes/resources.ts';
import { isServed } from './served-namespaces.ts';
import { webhookConfiguration } from './webhook-configuration.ts';

const NAME = 'kubernetes.io/metadata.name';
const configuration = webhookConfiguration({ namespace: 'release', client: { url: 'https://127.0.0.1/' } });

function selecting(...matchExpressions: readonly LabelRequirement[]) {
  const webhooks = (configuration.webhooks ?? []).map((entry) => ({
    ...entry,
    namespaceSelector: { matchExpressions },
  }));
  return { ...configuration, webhooks };
}

test('serves what the configuration selects, and never the namespaces that it leaves out', () => {
  assert.equal(isServed('shop', 'release', configuration), true);
  for (const namespace of ['kube-system', 'release', '', 'No Name', 'x'.repeat(64)]) {
    assert.equal(isServed(namespace, 'release', configuration), false, namespace);
  }
});

test('serves only what is named where the configuration was narrowed', () => {
  const narrowed = selecting({ key: NAME, operator: 'In', values: ['shop'] });
  assert.equal(isServed('shop', 'release', narrowed), true);
  assert.equal(isServed('other', 'release', narrowed), false);
  assert.equal(isServed('shop', 'release', selecting({ key: NAME, operator: 'DoesNotExist' })), false);
  assert.equal(isServed('shop', 'release', selecting({ key: 'team', operator: 'In', values: ['a'] })), true);
});

test('never serves kube-system, even if the configuration were opened, and nothing without a configuration', () => {
  assert.equal(isServed('kube-system', 'release', selecting()), false);
  assert.equal(isServed('release', 'release', selecting()), false);
  assert.equal(isServed('shop', 'release', undefined), false);
  const foreign = {
    ...configuration,
    webhooks: [{ ...configuration.webhooks?.[0], name: 'other.example.com' }],
  };
  assert.equal(isServed('shop', 'release', foreign as typeof configuration), false);
});
