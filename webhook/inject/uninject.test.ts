import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { applyPatch } from '../../test/support/json-patch.ts';
import { loadInjectorConfig } from '../injector-config.ts';
import { injectPod } from './inject.ts';
import { readPod } from './shape.ts';
import { orphanedMounts, uninjectPod } from './uninject.ts';

const loaded = loadInjectorConfig({});
assert.ok(loaded.ok);
const { value: config } = loaded;
const CONTAINERS = [{ name: 'app', image: 'i' }];

function inject(pod: object): object {
  const read = readPod(pod);
  assert.ok(read.ok);
  const injection = injectPod(read.value, { namespace: '', namespaceAsks: false }, config);
  assert.equal(injection.kind, 'injected');
  return applyPatch(pod, injection.kind === 'injected' ? injection.patch : []);
}

function uninject(pod: object): object {
  const read = readPod(pod);
  assert.ok(read.ok);
  return applyPatch(pod, uninjectPod(read.value));
}

function gated(labels: object, spec: object, gate = 'condition'): object {
  const annotations = { 'site-follower/gate': gate };
  return {
    metadata: { labels: { 'site-follower/inject': 'true', ...labels }, annotations },
    spec: { containers: CONTAINERS, ...spec },
  };
}

const LABEL = { 'site-follower/gate': 'condition' };
const READINESS = { readinessGates: [{ conditionType: 'site-follower/active' }] };

describe('what the user wrote as injection would', () => {
  for (const [name, pod] of [
    ['the label of the gate', gated(LABEL, {})],
    ['the readiness gate', gated({}, READINESS)],
    ['both', gated(LABEL, READINESS)],
    ['both, without that gate', gated(LABEL, READINESS, 'none')],
    ['neither', gated({}, {})],
  ] as const) {
    test(`is there after injection and uninjection: ${name}`, () => {
      assert.deepEqual(uninject(inject(pod)), pod);
    });
  }
});

describe('a pod without the sidecar', () => {
  for (const [name, metadata] of [
    ['the mark alone', { annotations: { 'site-follower/status': 'injected' } }],
    [
      'the label of the gate beside the mark',
      { labels: LABEL, annotations: { 'site-follower/status': 'injected' } },
    ],
    [
      'a label that the user set beside the mark of another',
      { labels: { 'site-follower/inject': 'true' }, annotations: { 'site-follower/carried-label': 'false' } },
    ],
  ] as const) {
    test(`keeps ${name}`, () => {
      const pod = { metadata, spec: { containers: CONTAINERS, ...READINESS } };
      assert.deepEqual(uninject(pod), pod);
    });
  }

  test('keeps volumes and containers with our names', () => {
    const spec = {
      containers: [{ name: 'site-follower', image: 'mine' }],
      initContainers: [{ name: 'site-follower', image: 'mine' }],
      volumes: [{ name: 'site-follower-token', emptyDir: {} }],
    };
    const pod = { metadata: { labels: { app: 'web' } }, spec };
    assert.deepEqual(uninject(pod), pod);
  });

  test('loses a label that was carried to it', () => {
    const metadata = {
      labels: { app: 'web', 'site-follower/inject': 'true' },
      annotations: { 'site-follower/carried-label': 'true' },
    };
    const pod = { metadata, spec: { containers: CONTAINERS } };
    assert.deepEqual(uninject(pod), { ...pod, metadata: { labels: { app: 'web' } } });
  });
});

test('a mount of the status that the user wrote stays, and is told, as its volume goes', () => {
  const status = { name: 'site-follower-status', mountPath: '/site' };
  const pod = gated({}, { containers: [{ name: 'app', image: 'i', volumeMounts: [status] }] }, 'none');
  const read = readPod(inject(pod));
  assert.ok(read.ok);
  assert.deepEqual(uninject(inject(pod)), pod);
  assert.deepEqual(orphanedMounts(read.value), [
    'container app mounts the volume site-follower-status, which goes with the sidecar: take that mount out, or the pod is refused',
  ]);
  const plain = readPod(inject(gated({}, {}, 'none')));
  assert.ok(plain.ok);
  assert.deepEqual(orphanedMounts(plain.value), []);
  const never = readPod(pod);
  assert.ok(never.ok);
  assert.deepEqual(orphanedMounts(never.value), []);
});
