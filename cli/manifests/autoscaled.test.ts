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
