import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VERSION } from '../contract/version.ts';
import { loadInjectorConfig } from './config.ts';

test('without variables the injector has the image of its own release', () => {
  assert.deepEqual(loadInjectorConfig({ SIDECAR_IMAGE: '', SIDECAR_CPU_LIMIT: ' ' }), {
    ok: true,
    config: {
      image: `kube-site-follower:${VERSION}`,
      imagePullPolicy: undefined,
      namespace: 'kube-site-follower',
      configMapName: 'kube-site-follower-status',
      resources: { cpuRequest: '5m', cpuLimit: undefined, memoryRequest: '32Mi', memoryLimit: '64Mi' },
    },
  });
});

test('each variable has its place', () => {
  const loaded = loadInjectorConfig({
    SIDECAR_IMAGE: 'example/x:2',
    SIDECAR_IMAGE_PULL_POLICY: 'Always',
    POD_NAMESPACE: 'ops',
    CONFIGMAP_NAME: 'where',
    SIDECAR_CPU_REQUEST: '10m',
    SIDECAR_CPU_LIMIT: '1',
    SIDECAR_MEMORY_REQUEST: '40Mi',
    SIDECAR_MEMORY_LIMIT: '80Mi',
  });
  assert.deepEqual(loaded.ok && loaded.config, {
    image: 'example/x:2',
    imagePullPolicy: 'Always',
    namespace: 'ops',
    configMapName: 'where',
    resources: { cpuRequest: '10m', cpuLimit: '1', memoryRequest: '40Mi', memoryLimit: '80Mi' },
  });
});

test('everything that is wrong is told at once', () => {
  const loaded = loadInjectorConfig({
    SIDECAR_IMAGE_PULL_POLICY: 'Sometimes',
    SIDECAR_CPU_REQUEST: 'much',
    SIDECAR_MEMORY_LIMIT: '64MB',
  });
  assert.deepEqual(!loaded.ok && loaded.problems, [
    'SIDECAR_IMAGE_PULL_POLICY must be one of Always, IfNotPresent, Never (got: Sometimes)',
    'SIDECAR_CPU_REQUEST must be a quantity such as 50m or 64Mi (got: much)',
    'SIDECAR_MEMORY_LIMIT must be a quantity such as 50m or 64Mi (got: 64MB)',
  ]);
});
