import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from './config.ts';

const LEAST = { NODE_NAME: 'n1', SITE_FOLLOWER_NAMESPACE: 'sites' };

test('has a default for all but the node and the namespace', () => {
  assert.deepEqual(readConfig(LEAST), {
    nodeName: 'n1',
    namespace: 'sites',
    configMap: 'kube-site-follower-status',
    port: 9911,
    probePort: 9912,
    address: undefined,
    gate: 'readiness',
    whenStale: 'hold',
    onActive: '',
    onStandby: '',
    hookTimeoutMs: 5_000,
    hookRetries: 5,
    staleAfterMs: 120_000,
    statusDir: '/var/run/site-follower/status',
    apiServer: {
      host: 'kubernetes.default.svc',
      port: 443,
      tokenFile: '/var/run/secrets/site-follower/token',
      caFile: '/var/run/secrets/site-follower/ca.crt',
    },
  });
});

test('takes what the webhook and the kubelet set', () => {
  const config = readConfig({
    ...LEAST,
    SITE_FOLLOWER_CONFIGMAP: 'kube-site-follower-status-x',
    SITE_FOLLOWER_PORT: '8001',
    SITE_FOLLOWER_PROBE_PORT: '8002',
    SITE_FOLLOWER_ADDRESS: '127.0.0.7',
    SITE_FOLLOWER_GATE: 'none',
    SITE_FOLLOWER_WHEN_STALE: 'standby',
    SITE_FOLLOWER_STALE_AFTER: '30',
    SITE_FOLLOWER_STATUS_DIR: '/s',
    SITE_FOLLOWER_TOKEN_DIR: '/t',
    KUBERNETES_SERVICE_HOST: 'fd00::1',
    KUBERNETES_SERVICE_PORT: '6443',
  });
  assert.deepEqual(config, {
    nodeName: 'n1',
    namespace: 'sites',
    configMap: 'kube-site-follower-status-x',
    port: 8001,
    probePort: 8002,
    address: '127.0.0.7',
    gate: 'none',
    whenStale: 'standby',
    onActive: '',
    onStandby: '',
    hookTimeoutMs: 5_000,
    hookRetries: 5,
    staleAfterMs: 30_000,
    statusDir: '/s',
    apiServer: { host: 'fd00::1', port: 6443, tokenFile: '/t/token', caFile: '/t/ca.crt' },
  });
});

test('names all that is wrong, each on a line with what it got', () => {
  const env = {
    SITE_FOLLOWER_PORT: '80a',
    SITE_FOLLOWER_PROBE_PORT: '70000',
    SITE_FOLLOWER_WHEN_STALE: 'fail',
    SITE_FOLLOWER_STALE_AFTER: '0',
  };
  assert.throws(() => readConfig(env), {
    message: [
      'NODE_NAME is missing',
      'SITE_FOLLOWER_NAMESPACE is missing',
      'SITE_FOLLOWER_PORT is "80a", not a whole number from 0 to 65535',
      'SITE_FOLLOWER_PROBE_PORT is "70000", not a whole number from 0 to 65535',
      'SITE_FOLLOWER_WHEN_STALE is "fail", not hold or standby',
      'SITE_FOLLOWER_STALE_AFTER is "0", not a whole number from 1 to 86400',
    ].join('\n'),
  });
});
