import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { daemonSetStalls, deploymentStalls, deploymentSteps, statefulSetStalls } from './rollouts.ts';

/** Pods of a Deployment: old and new ones, each ready or standing by. */
interface Pods {
  readonly oldReady: number;
  readonly oldStanding: number;
  readonly newReady: number;
  readonly newStanding: number;
}

/** Each state that Kubernetes' rolling update can make of this one next; the new pods stand where the old ones did. */
function next(pods: Pods, replicas: number, standing: number, missing: number, more: number): Pods[] {
  const { oldReady, oldStanding, newReady, newStanding } = pods;
  const total = oldReady + oldStanding + newReady + newStanding;
  const states: Pods[] = [];
  // NewRSNewReplicas
  if (total < replicas + more && newReady + newStanding < replicas) {
    if (newStanding < standing) states.push({ ...pods, newStanding: newStanding + 1 });
    if (newReady < replicas - standing) states.push({ ...pods, newReady: newReady + 1 });
  }
  // reconcileOldReplicaSets: first cleanupUnhealthyReplicas, then scaleDownOldReplicaSetsForRollingUpdate.
  if (total - (replicas - missing) - newStanding > 0) {
    if (oldStanding > 0) states.push({ ...pods, oldStanding: oldStanding - 1 });
    else if (oldReady > 0 && oldReady + newReady > replicas - missing) {
      states.push({ ...pods, oldReady: oldReady - 1 });
    }
  }
  return states;
}

/** Whether some order of events ends with an old pod that stays. */
function canStop(replicas: number, standing: number, missing: number, more: number): boolean {
  const begin = { oldReady: replicas - standing, oldStanding: standing, newReady: 0, newStanding: 0 };
  const seen = new Set<string>();
  const open: Pods[] = [begin];
  for (let pods = open.pop(); pods !== undefined; pods = open.pop()) {
    const key = JSON.stringify(pods);
    if (seen.has(key)) continue;
    seen.add(key);
    const states = next(pods, replicas, standing, missing, more);
    if (states.length === 0 && pods.oldReady + pods.oldStanding > 0) return true;
    open.push(...states);
  }
  return false;
}

const deployment = (replicas: number, maxUnavailable?: number | string, maxSurge?: number | string) => ({
  replicas,
  strategy: { rollingUpdate: { maxUnavailable, maxSurge } },
});

describe('an update of a Deployment', () => {
  test('stops just where Kubernetes can stop, for each number of pods, of standbys, and of what is allowed', () => {
    for (let replicas = 1; replicas <= 6; replicas += 1) {
      for (let standing = 0; standing <= replicas; standing += 1) {
        for (let missing = 0; missing <= replicas; missing += 1) {
          for (let more = 0; more <= replicas; more += 1) {
            const spec = deployment(replicas, missing, more);
            const steps = deploymentSteps(spec);
            assert.equal(
              deploymentStalls(spec, standing),
              canStop(replicas, standing, steps.missing, steps.more),
              JSON.stringify({ replicas, standing, missing, more }),
            );
          }
        }
      }
    }
  });

  test('is allowed so many steps, as Kubernetes rounds', () => {
    const steps = (...parts: Parameters<typeof deployment>) => {
      const { missing, more } = deploymentSteps(deployment(...parts));
      return [missing, more];
    };
    assert.deepEqual(steps(1), [0, 1]);
    assert.deepEqual(steps(4), [1, 1]);
    assert.deepEqual(steps(5), [1, 2]);
    assert.deepEqual(steps(1, '75%'), [0, 1]);
    assert.deepEqual(steps(2, '75%'), [1, 1]);
    assert.deepEqual(steps(2, 0, 0), [1, 0]);
    assert.deepEqual(steps(2, 9, 0), [2, 0]);
  });

  test('does not stop when all are replaced at once, and what is no number is not judged', () => {
    assert.equal(deploymentStalls({ replicas: 3, strategy: { type: 'Recreate' } }, 3), false);
    assert.equal(deploymentStalls(deployment(4, 'many'), 2), false);
    assert.equal(deploymentStalls(deployment(0), 0), false);
  });
});

describe('an update of a StatefulSet', () => {
  const cases: [name: string, replicas: number, strategy: object, standing: number, stalls: boolean][] = [
    ['stops at one that stands by', 3, {}, 1, true],
    ['does not where none does', 3, {}, 0, false],
    ['does not with a single pod', 1, {}, 1, false],
    ['goes on where more may be unready', 4, { rollingUpdate: { maxUnavailable: 3 } }, 2, false],
    ['stops where as many may be', 4, { rollingUpdate: { maxUnavailable: '50%' } }, 2, true],
    [
      'may have one unready, however small the share',
      4,
      { rollingUpdate: { maxUnavailable: '1%' } },
      1,
      true,
    ],
    ['is nobody’s where no pod is to be updated', 3, { rollingUpdate: { partition: 3 } }, 1, false],
    ['stops also where a part of them is', 3, { rollingUpdate: { partition: 1 } }, 1, true],
    ['is made by hand', 3, { type: 'OnDelete' }, 2, false],
  ];
  for (const [name, replicas, updateStrategy, standing, stalls] of cases) {
    test(name, () => assert.equal(statefulSetStalls({ replicas, updateStrategy }, standing), stalls));
  }
});

describe('an update of a DaemonSet', () => {
  const rolling = (maxUnavailable?: number | string, maxSurge?: number | string) => ({
    rollingUpdate: { maxUnavailable, maxSurge },
  });
  const cases: [name: string, strategy: object, nodes: number, standing: number, stalls: boolean][] = [
    ['stops as Kubernetes has it', {}, 2, 1, true],
    ['stops where as many may be unready as stand by', rolling(2), 4, 2, true],
    ['goes on where one more may be', rolling(3), 4, 2, false],
    ['rounds a share up', rolling('51%'), 4, 2, false],
    ['goes on with a surge, which an unready old pod does not use up', rolling(0, 1), 4, 2, false],
    ['does not reach a site that has no pods', {}, 2, 2, false],
    ['does not stop where none stands by', {}, 2, 0, false],
    ['is made by hand', { type: 'OnDelete' }, 2, 1, false],
  ];
  for (const [name, updateStrategy, nodes, standing, stalls] of cases) {
    test(name, () => assert.equal(daemonSetStalls({ updateStrategy }, nodes, standing), stalls));
  }
});
