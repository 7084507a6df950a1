import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { VERSION } from '../contract/version.ts';
import { loadInjectorConfig } from './injector-config.ts';

test('without variables the injector has the image of its own release', () => {
  assert.deepEqual(loadInjectorConfig({ SIDECAR_IMAGE: '', SIDECAR_CPU_LIMIT: ' ' }), {
    ok: true,
    value: {
      image: `kube-site-follower:${VERSION}`,
      imagePullPolicy: undefined,
      namespace: 'kube-site-follower',
      configMapName: 'kube-site-follower-status',
      resources: { cpuRequest: '5m', cpuLimit: undefined, memoryRequest: '32Mi', memoryLimit: '64Mi' },
      runAsUser: 65_532,
    },
  });
});

test('each variable has its place', () => {
  const loaded = loadInjectorConfig({
    SIDECAR_IMAGE: 'example/x:2',
    SIDECAR_IMAGE_PULL_POLICY: 'Always',
    SIDECAR_RUN_AS_USER: '1000',
    POD_NAMESPACE: 'ops',
    CONFIGMAP_NAME: 'where',
    SIDECAR_CPU_REQUEST: '10m',
    SIDECAR_CPU_LIMIT: '1',
    SIDECAR_MEMORY_REQUEST: '40Mi',
    SIDECAR_MEMORY_LIMIT: '80Mi',
  });
  assert.deepEqual(loaded.ok && loaded.value, {
    image: 'example/x:2',
    imagePullPolicy: 'Always',
    namespace: 'ops',
    configMapName: 'where',
    resources: { cpuRequest: '10m', cpuLimit: '1', memoryRequest: '40Mi', memoryLimit: '80Mi' },
    runAsUser: 1_000,
  });
});

test('the platform chooses the user where it is told so', () => {
  const loaded = loadInjectorConfig({ SIDECAR_RUN_AS_USER: 'none' });
  assert.equal(loaded.ok && loaded.value.runAsUser, undefined);
  for (const user of ['0', '-1', '1.5', 'root', '2147483648']) {
    const refused = loadInjectorConfig({ SIDECAR_RUN_AS_USER: user });
    const problem = `SIDECAR_RUN_AS_USER must be a number from 1 to 2147483647, or "none" (got: ${user})`;
    assert.deepEqual(!refused.ok && refused.problems, [problem]);
  }
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

describe('what would refuse every pod later is refused at the start', () => {
  const cases: [name: string, env: Record<string, string>, problems: string[]][] = [
    [
      'a limit below what the sidecar needs, and a request above it',
      { SIDECAR_MEMORY_REQUEST: '1Gi', SIDECAR_MEMORY_LIMIT: '8Mi' },
      [
        'SIDECAR_MEMORY_LIMIT must be at least 32Mi (got: 8Mi)',
        'SIDECAR_MEMORY_REQUEST must not be above SIDECAR_MEMORY_LIMIT, which is 8Mi (got: 1Gi)',
      ],
    ],
    [
      'a request above the limit that nobody set',
      { SIDECAR_MEMORY_REQUEST: '65Mi' },
      ['SIDECAR_MEMORY_REQUEST must not be above SIDECAR_MEMORY_LIMIT, which is 64Mi (got: 65Mi)'],
    ],
    [
      'a limit below the request that nobody set',
      { SIDECAR_MEMORY_LIMIT: '31Mi' },
      ['SIDECAR_MEMORY_LIMIT must be at least 32Mi (got: 31Mi)'],
    ],
    [
      'the same for cores',
      { SIDECAR_CPU_REQUEST: '1', SIDECAR_CPU_LIMIT: '9m' },
      [
        'SIDECAR_CPU_LIMIT must be at least 10m (got: 9m)',
        'SIDECAR_CPU_REQUEST must not be above SIDECAR_CPU_LIMIT, which is 9m (got: 1)',
      ],
    ],
    [
      'next to no memory',
      { SIDECAR_MEMORY_REQUEST: '1m' },
      ['SIDECAR_MEMORY_REQUEST must be at least 1Mi (got: 1m)'],
    ],
    [
      'names that no object can have',
      { POD_NAMESPACE: 'Bad_NS!', CONFIGMAP_NAME: 'Bad Name', SIDECAR_IMAGE: 'not an image' },
      [
        'SIDECAR_IMAGE must be an image such as registry.example.com/name:tag (got: not an image)',
        'POD_NAMESPACE must be the name of a namespace: 1 to 63 lower-case letters, digits and "-" (got: Bad_NS!)',
        'CONFIGMAP_NAME must be the name of a ConfigMap: lower-case letters, digits, "-" and "." (got: Bad Name)',
      ],
    ],
    [
      'misspelt variables, whose values are not shown',
      { SIDECAR_IMAG: 'example/x:2', SIDECAR_MEMORY_LIMITS: '1Gi', SIDECAR_PULL_POLICY: 'Always' },
      [
        'SIDECAR_IMAG is not a known variable (did you mean SIDECAR_IMAGE?)',
        'SIDECAR_MEMORY_LIMITS is not a known variable (did you mean SIDECAR_MEMORY_LIMIT?)',
        'SIDECAR_PULL_POLICY is not a known variable (did you mean SIDECAR_IMAGE_PULL_POLICY?)',
      ],
    ],
  ];
  for (const [name, env, problems] of cases) {
    test(name, () => {
      const loaded = loadInjectorConfig(env);
      assert.deepEqual(loaded.ok ? [] : loaded.problems, problems);
    });
  }
});

describe('what is sound is taken', () => {
  for (const env of [
    { SIDECAR_MEMORY_REQUEST: '32Mi', SIDECAR_MEMORY_LIMIT: '32Mi' },
    { SIDECAR_CPU_LIMIT: '10m' },
    { SIDECAR_IMAGE: 'x' },
    { SIDECAR_IMAGE: 'localhost:5000/team__a/x-y.z' },
    { SIDECAR_IMAGE: '[2001:db8::1]:5000/x:V1.2_3' },
    { SIDECAR_IMAGE: `registry.example.com/a/b/c:1@sha256:${'0123456789abcdef'.repeat(4)}` },
    { CONFIGMAP_NAME: 'where.is-it' },
    // Kubernetes sets these for Services named sidecar and sidecar-image.
    { SIDECAR_PORT: 'tcp://192.0.2.1:80', SIDECAR_IMAGE_SERVICE_HOST: '192.0.2.1' },
  ]) {
    test(JSON.stringify(env), () => {
      const loaded = loadInjectorConfig(env);
      assert.deepEqual(loaded.ok ? [] : loaded.problems, []);
    });
  }
});

for (const image of [
  'x:',
  ':1',
  'a//b',
  '/a',
  'a/',
  'Upper',
  'a/Upper',
  'x:-1',
  'x@sha256:12',
  'https://a/b',
  '$X',
]) {
  test(`${image} is no image`, () => {
    const loaded = loadInjectorConfig({ SIDECAR_IMAGE: image });
    assert.match(loaded.ok ? '' : loaded.problems.join(), /^SIDECAR_IMAGE must be an image/);
  });
}
