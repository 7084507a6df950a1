import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findAutoscalers } from './autoscaled.ts';
import { Documents } from './documents.ts';

const target = { kind: 'Deployment', name: 'web', namespace: 'shop' };

function scaled(of: object, from: object) {
  const object = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'any', namespace: 'shop' },
    spec: { maxReplicas: 9, scaleTargetRef: { kind: 'Deployment', name: 'web' } },
    ...from,
  };
  return findAutoscalers(new Documents(JSON.stringify(object)))({ ...target, ...of });
}

const spec = { minReplicas: 4, maxReplicas: 9, scaleTargetRef: { kind: 'Deployment', name: 'web' } };

for (const [name, of, from, expected] of [
  ['one that says the most alone', {}, {}, { least: 1, most: 9 }],
  ['one that says the fewest, too', {}, { spec }, { least: 4, most: 9 }],
  ['an earlier version', {}, { apiVersion: 'autoscaling/v1' }, { least: 1, most: 9 }],
  ['one that says no namespace', {}, { metadata: { name: 'any' } }, { least: 1, most: 9 }],
  ['one of a workload that says no namespace', { namespace: '' }, {}, { least: 1, most: 9 }],
  ['none of another namespace', { namespace: 'other' }, {}, undefined],
  ['none of another name', { name: 'other' }, {}, undefined],
  ['none of another kind', { kind: 'StatefulSet' }, {}, undefined],
  ['none that is malformed', {}, { spec: { ...spec, maxReplicas: 'many' } }, undefined],
  ['none of another group', {}, { apiVersion: 'example.com/v1' }, undefined],
] as const) {
  test(`a workload is scaled by ${name}`, () => assert.deepEqual(scaled(of, from), expected));
}

const KEDA = { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject' };
const KEDA_TARGET = { scaleTargetRef: { name: 'web' } };

for (const [name, from, expected] of [
  ['that says nothing of numbers', { spec: KEDA_TARGET }, { least: 1, most: 100 }],
  [
    'that says both',
    { spec: { ...KEDA_TARGET, minReplicaCount: 3, maxReplicaCount: 7 } },
    { least: 3, most: 7 },
  ],
  ['that may take all pods away', { spec: { ...KEDA_TARGET, minReplicaCount: 0 } }, { least: 1, most: 100 }],
  ['of another kind', { spec: { scaleTargetRef: { kind: 'StatefulSet', name: 'web' } } }, undefined],
  ['of another group', { spec: KEDA_TARGET, apiVersion: 'example.com/v1' }, undefined],
] as const) {
  test(`a workload and a ScaledObject of KEDA ${name}`, () =>
    assert.deepEqual(scaled({}, { ...KEDA, ...from }), expected));
}
