import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LABELS } from '../../contract/names.ts';
import { published } from '../cluster/followers.ts';
import { assertCaptures } from '../testing/golden.ts';
import { NAMESPACE, type PodSeed, pod, statusMap } from '../testing/scene.ts';
import { print } from '../text/line.ts';
import { renderExplanation } from './render.ts';
import { type ExplainView, explainPod, type Subject } from './view.ts';

const EAST = 'node-us-east-01';
const WEST = 'node-us-west-01';

function view(seed: Partial<PodSeed>, asks = false, more: Pick<Subject, 'policy'> = {}): ExplainView {
  return explainPod({
    ...more,
    pod: pod({ name: 'web', ...seed }),
    namespace: { metadata: { name: 'shop', labels: asks ? { [LABELS.inject]: 'true' } : {} } },
    controllerNamespace: NAMESPACE,
    followers: published([statusMap()]),
  });
}

const crashing = { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 5m0s' } };

describe('a pod is explained', () => {
  test('at any width', () => {
    assertCaptures('explain', (width) => renderExplanation(view({ node: WEST }), width));
    const odd = view({ node: WEST, injected: false, annotations: { 'site-follower/gates': 'none' } });
    assertCaptures('explain-missed', (width) => renderExplanation(odd, width));
  });

  for (const [name, seed, injected, why, asAsked] of [
    ['that asks', {}, true, /its own label asks/, true],
    [
      'of a labelled workload',
      { annotations: { 'site-follower/carried-label': 'true' } },
      true,
      /of its workload/,
      true,
    ],
    ['that was missed', { injected: false }, false, /it asks for the sidecar, but/, false],
    [
      'that refuses',
      { injected: false, labels: { [LABELS.inject]: 'false' } },
      false,
      /site-follower\/inject=false/,
      true,
    ],
    [
      'with an unclear label',
      { injected: false, labels: { [LABELS.inject]: 'yes' } },
      false,
      /must be "true" or "false"/,
      false,
    ],
    [
      'of a database',
      { injected: false, labels: { 'cnpg.io/podRole': 'instance' } },
      false,
      /it is an instance of CloudNativePG/,
      true,
    ],
    [
      'of a database, by an older version',
      { labels: { 'cnpg.io/podRole': 'instance' } },
      true,
      /an older version put it in, .* its successor has none/,
      false,
    ],
    ['of the controller', { injected: false, namespace: NAMESPACE }, false, /nothing is injected in/, true],
  ] as const) {
    test(`why it has the sidecar or not: ${name}`, () => {
      const { injection } = view(seed);
      assert.deepEqual([injection.injected, injection.asAsked], [injected, asAsked]);
      assert.match(injection.why, why);
    });
  }

  test('with the first mistakes of many', () => {
    const many = Array.from({ length: 5_000 }, (_, index) => [`site-follower/x${index}`, ''] as const);
    const lines = renderExplanation(view({ node: WEST, annotations: Object.fromEntries(many) }), 80);
    assert.ok(lines.length < 20, `${lines.length} lines`);
    assert.match(print(lines, false), /and 4995 more; -o json shows all/);
  });

  test('why it has none where the API server injects by policies', () => {
    const policy = (followed: readonly object[]) => ({
      metadata: { name: 'x-inject-pods' },
      spec: { variables: [{ name: 'followed', expression: JSON.stringify(followed) }] },
    });
    const why = (...followed: readonly object[]) =>
      view({ injected: false }, false, { policy: policy(followed) }).injection.why;
    assert.match(why(), /created before that, or before the policies were there/);
    const { namespace } = pod({ name: 'web' }).metadata;
    const lease = { kind: 'lease', namespace };
    assert.match(why(lease), /policies inject nothing in namespace .* cannot tell which pods are followed/);
    assert.match(why({ ...lease, kind: 'pod-label', preset: 'patroni' }), /before the policies were there/);
    assert.match(why({ ...lease, namespace: 'other' }), /before the policies were there/);
  });

  for (const [name, seed, why, asExpected] of [
    ['active and ready', { node: EAST, ready: true }, /us-east is active/, true],
    ['active and failing', { node: EAST, ...crashing }, /CrashLoopBackOff/, false],
    ['standing by', { node: WEST }, /is standby on purpose: us-east is active, and it is in us-west/, true],
    ['ready on the wrong side', { node: WEST, ready: true }, /should be standby/, false],
    ['on no node', {}, /has no node/, false],
    ['in no site', { node: 'elsewhere', ready: true }, /is in no site/, false],
    [
      'not gated',
      { node: WEST, ready: true, annotations: { 'site-follower/gate': 'none' } },
      /no gate of ours/,
      true,
    ],
    [
      'of an unknown follower',
      { node: EAST, annotations: { 'site-follower/follower': 'x' } },
      /publishes no status/,
      false,
    ],
  ] as const) {
    test(`why it is ready or not: ${name}`, () => {
      const { readiness } = view(seed);
      assert.match(readiness.why, why);
      assert.equal(readiness.asExpected, asExpected);
    });
  }

  test('before any site is active, which is no standby on purpose', () => {
    const reason = 'ClusterNotFound: there is no Cluster pg';
    const { readiness } = explainPod({
      pod: pod({ name: 'web', node: EAST }),
      namespace: undefined,
      controllerNamespace: NAMESPACE,
      followers: published([statusMap({ activeSite: '', phase: 'Held', reason })]),
    });
    assert.equal(readiness.asExpected, false);
    assert.equal(readiness.why, `no site is active yet, so it counts as standby: ${reason}`);
  });
});
