import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Limit, limitViolations, podLimitViolations } from './limits.ts';

const USUAL = { cpuRequest: '5m', cpuLimit: undefined, memoryRequest: '32Mi', memoryLimit: '64Mi' };
const container = (limit: Omit<Limit, 'type'>): readonly Limit[] => [{ type: 'Container', ...limit }];

for (const { what, limits, text, action } of [
  {
    what: 'a least request of memory',
    limits: container({ min: { memory: '48Mi' } }),
    text: 'the sidecar requests memory of 32Mi, and the least that a container may is 48Mi',
    action: 'Set the annotation site-follower/memory-request: 48Mi on the pods.',
  },
  {
    what: 'a least request above the limit',
    limits: container({ min: { memory: '100Mi' } }),
    text: 'the sidecar requests memory of 32Mi, and the least that a container may is 100Mi',
    action:
      'Set the annotation site-follower/memory-request: 100Mi and site-follower/memory-limit: 100Mi on the pods.',
  },
  {
    what: 'a least request of cpu',
    limits: container({ min: { cpu: '10m' }, default: { cpu: '100m' } }),
    text: 'the sidecar requests cpu of 5m, and the least that a container may is 10m',
    action: 'Set the annotation site-follower/cpu-request: 10m on the pods.',
  },
  {
    what: 'a greatest limit',
    limits: container({ max: { memory: '50Mi' } }),
    text: 'the sidecar has a limit for memory of 64Mi, and the most that a container may have is 50Mi',
    action: 'Set the annotation site-follower/memory-limit: 50Mi on the pods.',
  },
  {
    what: 'a greatest limit that is too small for it',
    limits: container({ max: { memory: '16Mi' } }),
    text: 'the sidecar has a limit for memory of 64Mi, and the most that a container may have is 16Mi',
    action: 'The sidecar needs at least 32Mi: allow more in the LimitRange.',
  },
  {
    what: 'a ratio',
    limits: container({ maxLimitRequestRatio: { memory: '1' } }),
    text: 'the sidecar requests memory of 32Mi and has a limit of 64Mi, and that may be at most 1 times as much',
    action: 'Set the annotation site-follower/memory-request: 64Mi on the pods.',
  },
  {
    what: 'a ratio to a limit that the namespace gives',
    limits: container({ default: { cpu: '100m' }, maxLimitRequestRatio: { cpu: '4' } }),
    text: 'the sidecar requests cpu of 5m and has a limit of 100m, and that may be at most 4 times as much',
    action: 'Set the annotation site-follower/cpu-request: 25m on the pods.',
  },
  {
    what: 'a ratio without a limit',
    limits: container({ maxLimitRequestRatio: { cpu: '4' } }),
    text: 'the sidecar has no limit for cpu, and a container has to have one of at most 4 times its request',
    action: 'Set the annotation site-follower/cpu-limit on the pods.',
  },
  {
    what: 'a pod that is smaller than the sidecar',
    limits: [{ type: 'Pod', max: { memory: '48Mi' } }],
    text: 'with the sidecar the containers of a pod have limits for memory of 64Mi together, and they may have 48Mi',
    action: 'Lower those of the other containers, or allow more in the LimitRange.',
  },
]) {
  test(`${what} is told with what fits`, () => {
    assert.deepEqual(limitViolations(USUAL, limits), [{ text, action }]);
  });
}

test('the containers beside it count for what a pod may have', () => {
  const limits: readonly Limit[] = [
    { type: 'Pod', max: { memory: '128Mi' } },
    ...container({ default: { memory: '20Mi' } }),
  ];
  const app = (memory: string) => ({ resources: { limits: { memory } } });
  assert.deepEqual(limitViolations(USUAL, limits, [app('44Mi'), {}]), []);
  const [misfit] = limitViolations(USUAL, limits, [app('45Mi'), {}]);
  assert.match(misfit?.text ?? '', /of 129Mi together, and they may have 128Mi$/);
});

test('the ratio of a pod, whose other containers keep to it', () => {
  const limits = [{ type: 'Pod', maxLimitRequestRatio: { memory: '1' } }];
  const app = { resources: { limits: { memory: '128Mi' } } };
  const [misfit] = limitViolations(USUAL, limits, [app]);
  assert.equal(
    misfit?.text,
    'with the sidecar the limits for memory of a pod go from 128Mi to 192Mi, and may be at most 1 times the requests',
  );
  assert.equal(misfit.action, 'Set the annotation site-follower/memory-request: 64Mi on the pods.');
  assert.deepEqual(limitViolations({ ...USUAL, memoryRequest: '64Mi' }, limits, [app]), []);
  const beyond = { resources: { requests: { memory: '64Mi' }, limits: { memory: '128Mi' } } };
  assert.deepEqual(limitViolations(USUAL, limits, [beyond]), [], 'it is refused without the sidecar too');
  const cpu = [{ type: 'Pod', maxLimitRequestRatio: { cpu: '1' } }];
  assert.deepEqual(limitViolations(USUAL, cpu, [{ resources: { limits: { cpu: '1' } } }]), []);
});

test('what a pod states as a whole counts for it, whatever is in it', () => {
  const limits = [
    { type: 'Pod', max: { memory: '100Mi' }, maxLimitRequestRatio: { memory: '1' } },
    { type: 'Container', default: { memory: '64Mi' } },
  ];
  const pod = { spec: { containers: [{ name: 'app' }], resources: { limits: { memory: '64Mi' } } } };
  assert.deepEqual(podLimitViolations(pod, USUAL, limits), []);
  assert.notDeepEqual(podLimitViolations({ spec: { containers: [{ name: 'app' }] } }, USUAL, limits), []);
});

test('what admits the sidecar needs no word', () => {
  const limits = container({
    min: { cpu: '5m', memory: '32Mi' },
    max: { memory: '64Mi' },
    default: { cpu: '1' },
  });
  assert.deepEqual(limitViolations(USUAL, limits), []);
  assert.deepEqual(limitViolations(USUAL, [{ type: 'PersistentVolumeClaim', min: { storage: '1Gi' } }]), []);
});
