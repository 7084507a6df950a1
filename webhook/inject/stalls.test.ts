import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PROGRAM } from '../../contract/names.ts';
import { readWorkload } from './shape.ts';
import { stallWarnings } from './stalls.ts';

const GATE = 'site-follower/gate';
/** What the API server keeps of a warning. */
const LONGEST = 256;

function said(kind: string, spec: object, annotations: Record<string, string> = {}): readonly string[] {
  const read = readWorkload({ spec: { template: { metadata: { annotations }, spec: {} }, ...spec } });
  assert.ok(read.ok);
  const texts = stallWarnings(kind, read.value);
  for (const text of texts) {
    assert.ok(`${PROGRAM}: ${text}`.length <= LONGEST, `${text.length} characters: ${text}`);
    assert.match(text, /or the annotation site-follower\/gate: none$/);
  }
  return texts;
}

const rolling = (maxUnavailable?: number | string, maxSurge?: number | string) => ({
  strategy: { rollingUpdate: { maxUnavailable, maxSurge } },
});

describe('an update of a Deployment', () => {
  const cases: [name: string, spec: object, stalled: string | undefined][] = [
    ['stalls with a single pod', { replicas: 1 }, '25% (0 of 1), maxSurge: 25% (1)'],
    ['stalls as Kubernetes has it', { replicas: 2 }, '25% (0 of 2), maxSurge: 25% (1)'],
    ['stalls with one pod and a share of less', { ...rolling('75%') }, '75% (0 of 1), maxSurge: 25% (1)'],
    ['stalls where half of the pods are not allowed', { replicas: 4 }, '25% (1 of 4), maxSurge: 25% (1)'],
    [
      'stalls where the active site has the one pod less',
      { replicas: 3, ...rolling(1) },
      '1 (1 of 3), maxSurge: 25% (1)',
    ],
    [
      'stalls where half of the pods may be unready and none may be more',
      { replicas: 4, ...rolling(2, 0) },
      '2 (2 of 4), maxSurge: 0 (0)',
    ],
    ['goes on where half of the pods may be unready', { replicas: 4, ...rolling(2) }, undefined],
    ['goes on with a share of three quarters', { replicas: 2, ...rolling('75%') }, undefined],
    ['goes on with all of them', { replicas: 3, ...rolling('100%', 0) }, undefined],
    ['waits for nobody when all are replaced', { replicas: 2, strategy: { type: 'Recreate' } }, undefined],
    ['is not judged by what is no number', { replicas: 4, ...rolling('many') }, undefined],
    [
      'is as Kubernetes has it where the strategy is malformed',
      { replicas: 4, strategy: 'RollingUpdate' },
      '25% (1 of 4), maxSurge: 25% (1)',
    ],
  ];
  for (const [name, spec, stalled] of cases) {
    test(name, () => {
      const texts = said('Deployment', spec);
      assert.equal(texts.length, stalled === undefined ? 0 : 1);
      if (stalled !== undefined)
        assert.ok(texts[0]?.includes(`with maxUnavailable: ${stalled} an`), texts[0]);
    });
  }

  test('does not stall with what is recommended', () => {
    for (let replicas = 1; replicas <= 100; replicas += 1) {
      const [text = ''] = said('Deployment', { replicas });
      const [, missing, more] = /to maxUnavailable: (\d+) .* maxSurge: (\d+),/.exec(text) ?? [];
      assert.ok(missing !== undefined && more !== undefined, `${replicas}: ${text}`);
      assert.deepEqual(said('Deployment', { replicas, ...rolling(Number(missing), Number(more)) }), []);
    }
  });
});

describe('a StatefulSet', () => {
  const parallel = { podManagementPolicy: 'Parallel' };
  const onDelete = { updateStrategy: { type: 'OnDelete' } };
  const cases: [name: string, spec: object, said: RegExp | undefined][] = [
    [
      'stalls in order, also where pods are replaced by hand',
      { replicas: 2, ...onDelete },
      /the next one waits/,
    ],
    ['has nothing to wait for with a single pod', { replicas: 1 }, undefined],
    [
      'starts in parallel, but its update stalls',
      { replicas: 2, ...parallel },
      /an update stops at the first/,
    ],
    ['does not stall with what is recommended', { replicas: 2, ...parallel, ...onDelete }, undefined],
  ];
  for (const [name, spec, expected] of cases) {
    test(name, () => {
      const texts = said('StatefulSet', spec);
      assert.equal(texts.length, expected === undefined ? 0 : 1);
      if (expected !== undefined) assert.match(String(texts[0]), expected);
      if (expected !== undefined) assert.match(String(texts[0]), /updateStrategy\.type: OnDelete/);
    });
  }
});

describe('an update of a DaemonSet', () => {
  const strategy = (maxUnavailable: number | string, maxSurge = 0) => ({
    updateStrategy: { rollingUpdate: { maxUnavailable, maxSurge } },
  });
  for (const [name, spec, stalls] of [
    ['may stall as Kubernetes has it', {}, true],
    ['may stall with as many as may stand by', strategy(3), true],
    ['may stall with a share of half', strategy('50%'), true],
    ['goes on with all of them', strategy('100%'), false],
    ['goes on with what is recommended', strategy(0, 1), false],
    ['is made by hand', { updateStrategy: { type: 'OnDelete' } }, false],
  ] as const) {
    test(name, () => {
      const texts = said('DaemonSet', spec);
      assert.equal(texts.length, stalls ? 1 : 0);
      if (stalls) assert.match(String(texts[0]), /to maxSurge: 1 and maxUnavailable: 0, type: OnDelete/);
    });
  }
});

test('nothing stalls without a gate, nor without a rollout', () => {
  for (const kind of ['Deployment', 'StatefulSet', 'DaemonSet']) {
    assert.deepEqual(said(kind, { replicas: 2 }, { [GATE]: 'none' }), []);
  }
  assert.deepEqual(said('Job', { replicas: 2 }), []);
});
