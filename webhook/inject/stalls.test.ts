import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readWorkload } from './shape.ts';
import { stallWarnings } from './stalls.ts';

const GATE = 'site-follower/gate';

function said(kind: string, spec: object, annotations: Record<string, string> = {}): readonly string[] {
  const read = readWorkload({ spec: { template: { metadata: { annotations }, spec: {} }, ...spec } });
  assert.ok(read.ok);
  return stallWarnings(kind, read.value);
}

describe('a StatefulSet', () => {
  const cases: [name: string, spec: object, stalls: boolean, annotations?: Record<string, string>][] = [
    ['stalls in order', { replicas: 2 }, true],
    ['has nothing to wait for with a single pod', { replicas: 1 }, false],
    ['does not stall in parallel', { replicas: 2, podManagementPolicy: 'Parallel' }, false],
    ['does not stall without a gate', { replicas: 2 }, false, { [GATE]: 'none' }],
  ];
  for (const [name, spec, stalls, annotations] of cases) {
    test(name, () => {
      const texts = said('StatefulSet', spec, annotations);
      assert.equal(texts.length, stalls ? 1 : 0);
      if (stalls) assert.match(String(texts[0]), /set podManagementPolicy: Parallel/);
    });
  }
});

describe('an update of a Deployment', () => {
  const rolling = (maxUnavailable?: number | string, type?: string) => ({
    strategy: {
      ...(type && { type }),
      ...(maxUnavailable !== undefined && { rollingUpdate: { maxUnavailable } }),
    },
  });
  const cases: [name: string, spec: object, stalled: string | undefined][] = [
    ['stalls as Kubernetes has it', { replicas: 2 }, '25% (0 of 2 pods)'],
    ['stalls where half of the pods are not allowed', { replicas: 4 }, '25% (1 of 4 pods)'],
    ['stalls with a share that is rounded down', { replicas: 2, ...rolling('49%') }, '49% (0 of 2 pods)'],
    ['stalls with a number too small', { replicas: 6, ...rolling(2) }, '2 (2 of 6 pods)'],
    ['goes on where half of the pods may be unready', { replicas: 4, ...rolling(2) }, undefined],
    ['goes on where one site has one pod less', { replicas: 3, ...rolling(1) }, undefined],
    ['goes on with a share of half', { replicas: 2, ...rolling('50%') }, undefined],
    [
      'waits for nobody when all are replaced at once',
      { replicas: 2, ...rolling(undefined, 'Recreate') },
      undefined,
    ],
    ['is one pod’s own affair', { replicas: 1 }, undefined],
    ['is not judged by what is no number', { replicas: 4, ...rolling('many') }, undefined],
    [
      'is as Kubernetes has it where the strategy is malformed',
      { replicas: 4, strategy: 'RollingUpdate' },
      '25% (1 of 4 pods)',
    ],
  ];
  for (const [name, spec, stalled] of cases) {
    test(name, () => {
      const texts = said('Deployment', spec);
      assert.equal(texts.length, stalled === undefined ? 0 : 1);
      if (stalled !== undefined)
        assert.ok(texts[0]?.includes(`with maxUnavailable: ${stalled} an update`), texts[0]);
    });
  }

  test('waits for nobody without a gate', () => {
    assert.deepEqual(said('Deployment', { replicas: 2 }, { [GATE]: 'none' }), []);
  });
});

test('a DaemonSet is not judged: how many nodes stand by is not known', () => {
  assert.deepEqual(said('DaemonSet', {}), []);
});
