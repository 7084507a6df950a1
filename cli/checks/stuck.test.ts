import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Workload } from '../cluster/workloads.ts';
import { isDaemonSetStuck, isDeploymentStuck, isStatefulSetStuck, mostStanding } from './stuck.ts';

interface Parts {
  readonly replicas?: number;
  readonly strategy?: NonNullable<Workload['spec']>['strategy'];
  /** Pods: all, those of the newest template, and those that are available. */
  readonly pods: readonly [made: number, updated: number, available: number];
  readonly standing: number;
}

function stuck({ replicas = 2, strategy, pods: [made, updated, available], standing }: Parts): boolean {
  const spec = { replicas, ...(strategy && { strategy }) };
  const status = { replicas: made, updatedReplicas: updated, availableReplicas: available };
  return isDeploymentStuck({ metadata: { name: 'web' }, spec, status }, standing);
}

const rolling = (maxUnavailable: number | string, maxSurge: number | string) => ({
  type: 'RollingUpdate',
  rollingUpdate: { maxUnavailable, maxSurge },
});

const cases: readonly [name: string, parts: Parts, expected: boolean][] = [
  ['the first new pod stands by, and nothing more may be away', { pods: [3, 1, 2], standing: 1 }, true],
  ['one more pod may be made', { pods: [2, 1, 1], standing: 1, strategy: rolling(0, 2) }, false],
  ['one old pod may go', { pods: [3, 1, 2], standing: 1, strategy: rolling('50%', 1) }, false],
  [
    'half of them are away, and half stand by',
    { replicas: 4, pods: [5, 3, 3], standing: 2, strategy: rolling(1, 1) },
    true,
  ],
  ['another new pod is about to be ready', { pods: [3, 2, 1], standing: 1 }, false],
  ['no old pod is left', { pods: [2, 2, 1], standing: 1 }, false],
  ['nobody stands by', { pods: [3, 1, 2], standing: 0 }, false],
  ['all are replaced at once', { pods: [3, 1, 2], standing: 1, strategy: { type: 'Recreate' } }, false],
  [
    'nothing may be away or more, so one may be away',
    { pods: [2, 1, 1], standing: 1, strategy: rolling(0, 0) },
    true,
  ],
  ['a single pod', { replicas: 1, pods: [2, 1, 1], standing: 1 }, true],
];
for (const [name, parts, expected] of cases) {
  test(`${expected ? 'stuck' : 'not stuck'}: ${name}`, () => assert.equal(stuck(parts), expected));
}

test('what is advised to a Deployment holds after a move, too, when the others stand by', () => {
  const web = { metadata: { name: 'web' }, spec: { replicas: 6 } };
  assert.equal(mostStanding(web, 2), 4);
  assert.equal(mostStanding(web, 5), 5);
  assert.equal(mostStanding({ metadata: { name: 'web' } }, 1), 1);
});

const parallel = { replicas: 4, podManagementPolicy: 'Parallel' };
const updating = { currentRevision: 'a', updateRevision: 'b', replicas: 4 };
for (const [name, status, standing, expected] of [
  ['the first new pod stands by', { ...updating, updatedReplicas: 1, availableReplicas: 2 }, 2, true],
  ['another one is about to be ready', { ...updating, updatedReplicas: 1, availableReplicas: 1 }, 2, false],
  ['all are new', { ...updating, updatedReplicas: 4, availableReplicas: 2 }, 2, false],
  ['there is no update', { replicas: 4, updatedReplicas: 0, availableReplicas: 2 }, 2, false],
] as const) {
  test(`a StatefulSet is ${expected ? 'stuck' : 'not stuck'}: ${name}`, () => {
    const set = { metadata: { name: 'web' }, spec: parallel, status };
    assert.equal(isStatefulSetStuck(set, standing), expected);
    const byHand = { ...parallel, updateStrategy: { type: 'OnDelete' } };
    assert.equal(isStatefulSetStuck({ ...set, spec: byHand }, standing), false);
    const later = { ...parallel, updateStrategy: { rollingUpdate: { partition: 3 } } };
    assert.equal(isStatefulSetStuck({ ...set, spec: later }, standing), false, 'just one pod is to be new');
  });
}

test('a StatefulSet is stuck with a single pod that stands by, unless it is replaced by hand', () => {
  const status = { ...updating, replicas: 1, updatedReplicas: 0, availableReplicas: 0 };
  const isStuck = (spec: Workload['spec']) =>
    isStatefulSetStuck({ metadata: { name: 'web' }, status, ...(spec && { spec }) }, 1);
  assert.equal(isStuck({ replicas: 1 }), true);
  assert.equal(isStuck({ replicas: 1, updateStrategy: { type: 'OnDelete' } }), false);
});

test('what the cluster keeps of maxUnavailable counts', () => {
  const rollingUpdate = { maxUnavailable: 3 };
  const spec = { ...parallel, updateStrategy: { rollingUpdate } };
  const status = { ...updating, updatedReplicas: 1, availableReplicas: 2 };
  assert.equal(isStatefulSetStuck({ metadata: { name: 'web' }, spec, status }, 2), false);
  assert.equal(isStatefulSetStuck({ metadata: { name: 'web' }, spec: parallel, status }, 2), true);
});

test('a DaemonSet with a surge is stuck where one that stands by is beside an old one that is ready', () => {
  const status = { desiredNumberScheduled: 4, updatedNumberScheduled: 0, numberAvailable: 4 };
  const spec = { updateStrategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } };
  assert.equal(isDaemonSetStuck({ metadata: { name: 'agent' }, spec, status }, 1), true);
  const done = { ...status, updatedNumberScheduled: 4 };
  assert.equal(isDaemonSetStuck({ metadata: { name: 'agent' }, spec, status: done }, 1), false);
});

for (const [name, status, standing, expected] of [
  ['the new ones of the standby site use up what may be away', [4, 2, 2], 2, true],
  ['another one is about to be ready', [4, 2, 1], 2, false],
  ['all are new', [4, 4, 2], 2, false],
  ['none stands by', [4, 1, 4], 0, false],
] as const) {
  test(`a DaemonSet is ${expected ? 'stuck' : 'not stuck'}: ${name}`, () => {
    const [desiredNumberScheduled, updatedNumberScheduled, numberAvailable] = status;
    const numbers = { desiredNumberScheduled, updatedNumberScheduled, numberAvailable };
    const set = { metadata: { name: 'agent' }, spec: {}, status: numbers };
    assert.equal(isDaemonSetStuck(set, standing), expected);
    const surging = { updateStrategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } };
    assert.equal(isDaemonSetStuck({ ...set, spec: surging }, standing), false);
  });
}
