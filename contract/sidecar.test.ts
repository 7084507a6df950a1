import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readConfig } from '../sidecar/config.ts';
import { sidecarContainer } from '../webhook/inject/container.ts';
import { readSettings } from '../webhook/inject/settings.ts';
import { loadInjectorConfig } from '../webhook/injector-config.ts';
import { ANNOTATIONS } from './names.ts';

const loaded = loadInjectorConfig({ POD_NAMESPACE: 'ops', CONFIGMAP_NAME: 'where' });
assert.ok(loaded.ok);
const { value: config } = loaded;

interface Container {
  readonly env: readonly { readonly name: string; readonly value?: string }[];
}

/** The environment that the sidecar of a pod with such annotations starts with. */
function environment(annotations: Record<string, string>): Record<string, string> {
  const { settings, problems } = readSettings(annotations, config.resources);
  assert.deepEqual(problems, []);
  const { env } = sidecarContainer(config, settings) as unknown as Container;
  // As the kubelet fills it in.
  const ofKubelet = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };
  return { ...Object.fromEntries(env.map(({ name, value }) => [name, value ?? 'node-a'])), ...ofKubelet };
}

describe('what the webhook writes, the sidecar reads:', () => {
  test('the defaults', () => {
    const { nodeName, namespace, configMap, port, probePort, gate, whenStale, staleAfterMs } = readConfig(
      environment({}),
    );
    assert.deepEqual(
      { nodeName, namespace, configMap, port, probePort, gate, whenStale, staleAfterMs },
      {
        nodeName: 'node-a',
        namespace: 'ops',
        configMap: 'where',
        port: 9911,
        probePort: 9912,
        gate: 'readiness',
        whenStale: 'hold',
        staleAfterMs: 120_000,
      },
    );
  });

  test('every annotation', () => {
    const { configMap, port, probePort, gate, whenStale, staleAfterMs, ...rest } = readConfig(
      environment({
        [ANNOTATIONS.follower]: 'orders',
        [ANNOTATIONS.port]: '9001',
        [ANNOTATIONS.probePort]: '9002',
        [ANNOTATIONS.gate]: 'none',
        [ANNOTATIONS.whenStale]: 'standby',
        [ANNOTATIONS.staleAfter]: '300',
        [ANNOTATIONS.onStandby]: ':8080/drain',
        [ANNOTATIONS.onActive]: '8080/resume',
        [ANNOTATIONS.hookTimeout]: '7',
        [ANNOTATIONS.hookRetries]: '0',
      }),
    );
    assert.deepEqual(
      [configMap, port, probePort, gate, whenStale, staleAfterMs],
      ['where-orders', 9001, 9002, 'none', 'standby', 300_000],
    );
    const { onStandby, onActive, hookTimeoutMs, hookRetries } = rest;
    assert.deepEqual(
      [onStandby, onActive, hookTimeoutMs, hookRetries],
      ['8080/drain', '8080/resume', 7_000, 0],
    );
  });

  for (const [annotation, values] of [
    [ANNOTATIONS.port, ['1024', '65535']],
    [ANNOTATIONS.probePort, ['1024', '65535']],
    [ANNOTATIONS.staleAfter, ['5', '86400']],
  ] as const) {
    for (const value of values) {
      test(`${annotation} of ${value}`, () => {
        assert.doesNotThrow(() => readConfig(environment({ [annotation]: value })));
      });
    }
  }
});
