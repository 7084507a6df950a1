import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Workload } from '../cluster/resources.ts';
import { isStuck } from './stuck.ts';

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
  return isStuck({ metadata: { name: 'web' }, spec, status }, standing);
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
