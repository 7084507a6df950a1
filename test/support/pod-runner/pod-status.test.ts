import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PodManifest } from './manifest.ts';
import { podStatusOf } from './pod-status.ts';

const pod: PodManifest = {
  metadata: { name: 'web' },
  spec: {
    initContainers: [
      { name: 'setup', image: 'setup:1' },
      { name: 'beside', image: 'beside:1', restartPolicy: 'Always' },
    ],
    containers: [{ name: 'web', image: 'web:1' }],
  },
};

interface Status {
  readonly phase: string;
  readonly conditions: readonly { readonly type: string; readonly status: string }[];
  readonly initContainerStatuses: readonly { readonly name: string; readonly ready: boolean }[];
}

for (const { name, sidecar, appRuns, phase, isTrue } of [
  {
    name: 'a sidecar that starts',
    sidecar: { started: false, ready: false },
    appRuns: false,
    phase: 'Pending',
    isTrue: '',
  },
  {
    name: 'a sidecar that stands by',
    sidecar: { started: true, ready: false },
    appRuns: true,
    phase: 'Running',
    isTrue: 'Initialized',
  },
  {
    name: 'a sidecar that is ready',
    sidecar: { started: true, ready: true },
    appRuns: true,
    phase: 'Running',
    isTrue: 'Initialized,ContainersReady,Ready',
  },
  {
    name: 'a sidecar that is ready before the application runs',
    sidecar: { started: true, ready: true },
    appRuns: false,
    phase: 'Pending',
    isTrue: 'Initialized',
  },
]) {
  test(`the status of a pod with ${name}`, () => {
    const sidecars = [{ running: true, restartCount: 0, ...sidecar }];
    const state = { ip: '10.1.1.1', startTime: 'T', sidecars, appRuns };
    const status = podStatusOf(pod, state, () => 'T') as Status;
    assert.equal(status.phase, phase);
    const met = status.conditions.filter((condition) => condition.status === 'True').map(({ type }) => type);
    const always = ['PodScheduled', 'PodReadyToStartContainers'];
    assert.deepEqual(met, [...always, ...(isTrue === '' ? [] : isTrue.split(','))]);
    assert.deepEqual(
      status.initContainerStatuses.map((one) => [one.name, one.ready]),
      [['beside', sidecar.ready]],
    );
  });
}

test('a pod with a readiness gate is ready when its condition is true, and not before', () => {
  const gated = (status?: string): PodManifest => ({
    ...pod,
    spec: { ...pod.spec, readinessGates: [{ conditionType: 'example.com/in' }] },
    ...(status && { status: { conditions: [{ type: 'example.com/in', status }] } }),
  });
  const sidecars = [{ running: true, started: true, ready: true, restartCount: 0 }];
  const state = { ip: '10.0.0.1', startTime: '2026-01-01T00:00:00Z', sidecars, appRuns: true };
  const readyOf = (manifest: PodManifest) => {
    const { conditions } = podStatusOf(manifest, state, () => '') as Status;
    return ['Ready', 'ContainersReady'].map((type) => conditions.find((one) => one.type === type)?.status);
  };
  assert.deepEqual(readyOf(gated()), ['False', 'True']);
  assert.deepEqual(readyOf(gated('False')), ['False', 'True']);
  assert.deepEqual(readyOf(gated('True')), ['True', 'True']);
});
