import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PROGRAM } from '../../contract/names.ts';
import { readWorkload } from './shape.ts';
import { type Scaled, stallWarnings } from './stalls.ts';

const GATE = 'site-follower/gate';
/** What the API server keeps of a warning. */
const LONGEST = 256;

function said(
  kind: string,
  spec: object,
  annotations: Record<string, string> = {},
  scaled?: Scaled,
): readonly string[] {
  const read = readWorkload({ spec: { template: { metadata: { annotations }, spec: {} }, ...spec } });
  assert.ok(read.ok);
  const texts = stallWarnings(kind, read.value, scaled);
  for (const text of texts) {
    assert.ok(`${PROGRAM}: ${text}`.length <= LONGEST, `${text.length} characters: ${text}`);
    assert.match(text, /or the annotation site-follower\/gate: none$/);
  }
  return texts;
}

const PORT = {
  template: { spec: { containers: [{ name: 'web', ports: [{ containerPort: 80, hostPort: 80 }] }] } },
};

const parallel = { podManagementPolicy: 'Parallel' };

const rolling = (maxUnavailable?: number | string, maxSurge?: number | string) => ({
  strategy: { rollingUpdate: { maxUnavailable, maxSurge } },
});

/** What a warning recommends; a surge that it does not speak of stays as Kubernetes has it. */
function advised(text: string) {
  const found =
    /maxUnavailable: (\d+%?) (?:\((?:if \d+ stand by|if half of .* stand by|all at once)\))(?:, maxSurge: (\d+))?, or/.exec(
      text,
    );
  assert.ok(found, text);
  const [, missing = '', more] = found;
  return rolling(missing.endsWith('%') ? missing : Number(missing), more === undefined ? more : Number(more));
}

describe('an update of a Deployment', () => {
  const cases: [name: string, spec: object, stalled: string | undefined][] = [
    ['stalls with a single pod', { replicas: 1 }, '25% (0 of 1), maxSurge: 25% (1)'],
    ['stalls as Kubernetes has it', { replicas: 2 }, '25% (0 of 2), maxSurge: 25% (1)'],
    [
      'stalls with one pod and a share of less',
      { replicas: 1, ...rolling('75%') },
      '75% (0 of 1), maxSurge: 25% (1)',
    ],
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
        assert.ok(texts[0]?.includes(`with maxUnavailable: ${stalled} up`), texts[0]);
    });
  }

  for (const [what, template] of [
    ['', {}],
    [', also with a hostPort', PORT],
  ] as const) {
    test(`does not stall with what is recommended${what}`, () => {
      for (let replicas = 1; replicas <= 100; replicas += 1) {
        const [text = ''] = said('Deployment', { replicas, ...template });
        const spec = { replicas, ...advised(text), ...template };
        assert.deepEqual(said('Deployment', spec), [], `${replicas}: ${text}`);
      }
    });
  }

  test('stalls likewise where no two of its pods may be near each other', () => {
    const labelSelector = { matchLabels: { app: 'web' } };
    const term = { topologyKey: 'kubernetes.io/hostname', labelSelector };
    const podAntiAffinity = { requiredDuringSchedulingIgnoredDuringExecution: [term] };
    const template = { metadata: { labels: { app: 'web' } }, spec: { affinity: { podAntiAffinity } } };
    const [text = ''] = said('Deployment', { replicas: 2, ...rolling(1, 1), template });
    assert.match(text, /^podAntiAffinity keeps pods apart, so with .*maxUnavailable: 100% \(all at once\),/);
    assert.deepEqual(said('Deployment', { replicas: 2, ...rolling(2, 0), template }), []);
  });

  test('stalls with a hostPort where a pod is made in advance, which has no node', () => {
    const spec = { replicas: 2, ...PORT };
    const [text = ''] = said('Deployment', { ...spec, ...rolling(1, 1) });
    assert.match(text, /^a hostPort keeps pods apart, so with .*maxUnavailable: 100% \(all at once\),/);
    assert.deepEqual(said('Deployment', { ...spec, strategy: { type: 'Recreate' } }), []);
  });
});

describe('as many pods as an autoscaler makes', () => {
  const least = 4;
  const scaled = { least, most: 10 };
  const range = { least: 1, most: 100 };

  test('are judged from the fewest to the most, and advised a share that holds for all', () => {
    for (const [spec, stalled, by] of [
      [rolling(1, 1), '1 (1 of 4)', scaled],
      [{ replicas: 1, ...rolling(1, 1) }, '1 (1 of 4)', scaled],
      [rolling(2, 1), '2 (2 of 5)', scaled],
      [{}, '25% (0 of 1)', range],
      [PORT, '25% (1 of 4)', scaled],
      [{}, '25% (10 of 40)', { least: 40, most: 4_000 }],
      [{}, '25% (1 of 4)', { least, most: least }],
      [rolling(60), '60 (60 of 4000)', { least: 1, most: 4_000 }],
    ] as const) {
      const [text = ''] = said('Deployment', spec, {}, by);
      assert.ok(text.includes(`with maxUnavailable: ${stalled}, maxSurge`), text);
      assert.deepEqual(said('Deployment', { ...spec, ...advised(text) }, {}, by), [], text);
    }
    const [text = ''] = said('Deployment', rolling(1, 1), {}, scaled);
    assert.match(text, /set .*maxUnavailable: 75% \(if half of 4 to 10 stand by\), or/);
    assert.deepEqual(said('Deployment', { replicas: 0 }, {}, scaled), []);
  });

  test('of which nothing is known may be any, and it is said', () => {
    for (const [spec, stalled] of [
      [{}, '25% (0 of 1, replicas not set)'],
      [rolling(1, 1), '1 (1 of 3, replicas not set)'],
    ] as const) {
      const [text = ''] = said('Deployment', spec);
      assert.ok(text.includes(`with maxUnavailable: ${stalled}, maxSurge`), text);
      assert.match(text, /maxUnavailable: 100% \(all at once\)/);
      assert.deepEqual(said('Deployment', { ...spec, ...advised(text) }), []);
    }
  });

  test('wait for each other in a StatefulSet', () => {
    const byHand = { updateStrategy: { type: 'OnDelete' } };
    assert.deepEqual(said('StatefulSet', byHand), []);
    assert.match(String(said('StatefulSet', byHand, {}, scaled)), /the next one waits/);
    assert.deepEqual(said('StatefulSet', { ...byHand, ...parallel }, {}, scaled), []);
    assert.match(String(said('StatefulSet', parallel, {}, scaled)), /stops at the first/);
  });
});

describe('pods that may all be on one site', () => {
  const template = { spec: { nodeSelector: { 'topology.kubernetes.io/zone': 'eu-west' } } };
  const pinned = /^nodeSelector may keep all on one site, so with .* stop: set .*maxUnavailable: 100% /;

  test('of a Deployment stall unless all may be unready', () => {
    for (const [replicas, strategy] of [
      [4, {}],
      [4, rolling(2, 1)],
      [4, rolling(3, 4)],
      [2, rolling('75%')],
      [1, {}],
    ] as const) {
      const [text = ''] = said('Deployment', { replicas, ...strategy, template });
      assert.match(text, pinned);
      assert.deepEqual(said('Deployment', { replicas, ...advised(text), template }), []);
    }
    for (const strategy of [rolling('100%', 0), rolling(4, 1), { strategy: { type: 'Recreate' } }]) {
      assert.deepEqual(said('Deployment', { replicas: 4, ...strategy, template }), []);
    }
  });

  test('of a StatefulSet stall whatever counts', () => {
    const updateStrategy = { rollingUpdate: { maxUnavailable: 3 } };
    const [text = ''] = said('StatefulSet', { ...parallel, replicas: 3, updateStrategy, template });
    assert.match(text, /^on a standby site .* stops at the first/);
  });

  test('of a DaemonSet stall at the rollout of the sidecar unless all may be unready', () => {
    const spec = (maxUnavailable: string) => ({
      updateStrategy: { rollingUpdate: { maxUnavailable } },
      template,
    });
    const [text = ''] = said('DaemonSet', spec('70%'));
    assert.match(text, /^nodeSelector may keep all on one site, so an update may stop: set .*OnDelete/);
    assert.deepEqual(said('DaemonSet', spec('100%')), []);
  });
});

describe('a StatefulSet', () => {
  const onDelete = { updateStrategy: { type: 'OnDelete' } };
  const cases: [name: string, spec: object, said: RegExp | undefined][] = [
    [
      'stalls in order, also where pods are replaced by hand',
      { replicas: 2, ...onDelete },
      /the next one waits/,
    ],
    [
      'has a single pod that is not replaced while it stands by',
      { replicas: 1 },
      /stops at the first of them: set update/,
    ],
    ['has a single pod where it says nothing', {}, /stops at the first of them: set update/],
    ['has a single pod that is replaced by hand', { replicas: 1, ...onDelete }, undefined],
    ['has no pod', { replicas: 0 }, undefined],
    [
      'stalls where maxUnavailable is ignored, before Kubernetes 1.35',
      { replicas: 3, ...parallel, updateStrategy: { rollingUpdate: { maxUnavailable: 3 } } },
      /^before Kubernetes 1\.35, which looks at maxUnavailable, .* stops at the first/,
    ],
    [
      'stalls there with a share, too',
      { replicas: 3, ...parallel, updateStrategy: { rollingUpdate: { maxUnavailable: '100%' } } },
      /^before Kubernetes 1\.35, /,
    ],
    [
      'stalls everywhere with as many as stand by',
      { replicas: 3, ...parallel, updateStrategy: { rollingUpdate: { maxUnavailable: 2 } } },
      /^on a standby site .* stops at the first/,
    ],
    [
      'stalls in order whatever may be unready',
      { replicas: 3, updateStrategy: { rollingUpdate: { maxUnavailable: '100%' } } },
      /the next one waits/,
    ],
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
  const strategy = (maxUnavailable: number | string, maxSurge: number | string = 0) => ({
    updateStrategy: { rollingUpdate: { maxUnavailable, maxSurge } },
  });
  test('with a hostPort stops with a surge, and is advised to none', () => {
    for (const spec of [strategy(0, 1), strategy(0, '100%'), {}, strategy('50%')]) {
      const [text = ''] = said('DaemonSet', { ...spec, ...PORT });
      assert.match(
        text,
        /: set updateStrategy.type: OnDelete, and delete its pods yourself, or maxUnavailable: 100%/,
      );
      const isSurge = text.startsWith('a hostPort keeps pods apart, so with maxSurge');
      assert.equal(isSurge, JSON.stringify(spec).includes('"maxUnavailable":0'));
    }
    assert.deepEqual(said('DaemonSet', { ...strategy('100%'), ...PORT }), []);
    assert.deepEqual(said('DaemonSet', { updateStrategy: { type: 'OnDelete' }, ...PORT }), []);
  });

  for (const [name, spec, stalls] of [
    ['may stall as Kubernetes has it', {}, true],
    ['may stall with as many as may stand by', strategy(3), true],
    ['may stall with a share of half', strategy('50%'), true],
    ['goes on with all of them', strategy('100%'), false],
    ['may stall with a surge, when the sidecar comes', strategy(0, 1), true],
    ['may stall with any surge, when the sidecar comes', strategy(0, '100%'), true],
    ['is made by hand', { updateStrategy: { type: 'OnDelete' } }, false],
  ] as const) {
    test(name, () => {
      const texts = said('DaemonSet', spec);
      assert.equal(texts.length, stalls ? 1 : 0);
      if (stalls)
        assert.match(String(texts[0]), /type: OnDelete, .* or maxUnavailable: 100%, maxSurge: 0 \(all/);
      const isSurge = String(texts[0]).startsWith('with maxSurge the rollout of the sidecar stops at ');
      assert.equal(isSurge, JSON.stringify(spec).includes('"maxUnavailable":0'));
    });
  }
});

test('nothing stalls without a gate, nor without a rollout', () => {
  for (const kind of ['Deployment', 'StatefulSet', 'DaemonSet']) {
    assert.deepEqual(said(kind, { replicas: 2 }, { [GATE]: 'none' }), []);
  }
  assert.deepEqual(said('Job', { replicas: 2 }), []);
});

describe('the longest warning of a Deployment is one that the API server keeps whole', () => {
  const labels = { app: 'web' };
  const alone = {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { labelSelector: { matchLabels: labels }, namespaceSelector: { matchLabels: { team: 'a' } } },
      ],
    },
  };
  const templates = {
    'no reason of its own': { metadata: { labels }, spec: {} },
    'a hostPort': PORT.template,
    'a nodeSelector': { spec: { nodeSelector: { 'topology.kubernetes.io/zone': 'eu-west' } } },
    'an anti-affinity': { metadata: { labels }, spec: { affinity: alone } },
  };
  for (const [what, template] of Object.entries(templates)) {
    test(`with ${what}`, () => {
      assert.equal(said('Deployment', { template }).length, 1);
      assert.equal(said('Deployment', { template, replicas: 10_000 }).length, 1);
      assert.equal(said('Deployment', { template }, {}, { least: 1_000, most: 10_000 }).length, 1);
    });
  }
});
