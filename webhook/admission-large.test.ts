import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { admit } from './admission.ts';
import { ASKS, answered, config, DEPLOYMENT, deployment, POD, pod, review } from './testing/reviews.ts';

describe('a review of a megabyte', () => {
  const LONG = 'x'.repeat(1_000_000);
  const shapes: readonly (readonly [what: string, request: object])[] = [
    ['a name', { kind: POD, object: pod({ metadata: { name: LONG } }) }],
    ['a label', { kind: POD, object: pod({ metadata: { labels: { 'site-follower/inject': LONG } } }) }],
    ['a key', { kind: POD, object: pod({ metadata: { labels: { ...ASKS, [LONG]: 7 } } }) }],
    [
      'an annotation',
      { kind: POD, object: pod({ metadata: { annotations: { [`site-follower/${LONG}`]: '' } } }) },
    ],
    [
      'a container',
      {
        kind: POD,
        object: pod({ spec: { containers: [{ name: LONG, ports: [{ containerPort: 9911 }] }] } }),
      },
    ],
    [
      'an owner',
      {
        kind: POD,
        object: pod({
          metadata: {
            ownerReferences: [{ apiVersion: 'v1', kind: LONG, name: LONG, uid: LONG, controller: true }],
          },
        }),
      },
    ],
    [
      'a workload',
      { kind: DEPLOYMENT, object: deployment({ metadata: { labels: { 'site-follower/inject': LONG } } }) },
    ],
    [
      'a Service',
      {
        kind: { ...POD, kind: 'Service' },
        object: {
          metadata: {
            name: LONG,
            labels: { 'site-follower/follow': 'true' },
            annotations: { 'site-follower/follower': LONG },
          },
          spec: { selector: { app: 'web' } },
        },
      },
    ],
    ['a namespace', { kind: POD, namespace: LONG, object: pod() }],
  ];
  for (const [what, request] of shapes) {
    test(`in ${what} leaves little of it`, () => {
      const { answer, outcome, subject } = answered(request);
      const { warnings, status } = answer.response;
      const kept = JSON.stringify([outcome, subject, warnings, status]);
      assert.ok(kept.length < 4_000, `${kept.length} bytes: ${kept.slice(0, 500)}`);
    });
  }

  test('in the version or the uid is malformed, and little of it is said', () => {
    for (const wrong of [
      { ...review({}), apiVersion: LONG },
      review({ uid: LONG, kind: POD, object: pod() }),
    ]) {
      const admission = admit(wrong, config);
      assert.equal(admission.kind, 'malformed');
      assert.ok(JSON.stringify(admission).length < 1_000);
    }
  });

  test('with hundreds of thousands of things that are wrong takes memory for one of them', () => {
    const many = Array.from({ length: 200_000 }, () => 7);
    const entries = Object.fromEntries(many.map((wrong, at) => [`k${at}`, wrong]));
    const lists = Array.from({ length: 100 }, () => ({ ports: many.slice(0, 2_000) }));
    const wrong: readonly object[] = [
      { metadata: { labels: entries } },
      { metadata: { annotations: entries } },
      { metadata: { ownerReferences: many } },
      { spec: { containers: many } },
      { spec: { containers: lists } },
      {
        spec: {
          containers: [{ resources: { limits: Object.fromEntries(many.map((_, at) => [`k${at}`, true])) } }],
        },
      },
    ];
    for (const changes of wrong) {
      const before = process.memoryUsage().heapUsed;
      const { outcome } = answered({ kind: POD, object: pod(changes) });
      const grown = process.memoryUsage().heapUsed - before;
      assert.equal(outcome.action, 'denied');
      assert.ok(grown < 30_000_000, `${Object.keys(changes).join()}: ${grown} bytes`);
    }
  });

  test('takes no more for affinities that are wrong, which are left to the API server', () => {
    const many = Array.from({ length: 200_000 }, () => 7);
    const required = 'requiredDuringSchedulingIgnoredDuringExecution';
    const terms = (nodeSelectorTerms: unknown) => ({ nodeAffinity: { [required]: { nodeSelectorTerms } } });
    const apart = (wrong: unknown) => ({ podAntiAffinity: { [required]: wrong } });
    for (const affinity of [
      terms(many),
      terms([{ matchExpressions: many }]),
      terms([{ matchExpressions: [{ key: 'a', operator: 'In', values: many }] }]),
      apart(many),
      apart([{ labelSelector: { matchLabels: Object.fromEntries(many.entries()) } }]),
      apart([{ namespaces: many }]),
      apart([{ matchLabelKeys: many }]),
    ]) {
      const before = process.memoryUsage().heapUsed;
      const { outcome } = answered({ kind: POD, object: pod({ spec: { affinity } }) });
      const grown = process.memoryUsage().heapUsed - before;
      assert.equal(outcome.action, 'injected');
      assert.ok(grown < 30_000_000, `${JSON.stringify(affinity).slice(0, 100)}: ${grown} bytes`);
    }
  });

  test('of which no list is too long is not looked at when there are too many of them', () => {
    const ports = Array.from({ length: 5_000 }, () => ({}));
    const containers = Array.from({ length: 20 }, () => ({ name: 'a', ports }));
    const labels = Object.fromEntries(ports.map((_, at) => [`k${at}`, '']));
    const many: readonly object[] = [
      { spec: { containers } },
      { spec: { initContainers: containers } },
      {
        metadata: { labels: { ...labels, ...ASKS }, annotations: labels },
        spec: { containers: containers.slice(0, 9) },
      },
    ];
    for (const changes of many) {
      const { outcome } = answered({ kind: POD, object: pod(changes) });
      assert.match(JSON.stringify(outcome), /denied.*: all lists and maps together may have 50000 entries/);
    }
    // Each object by itself.
    const most = pod({ spec: { containers: containers.slice(0, 9) } });
    for (let count = 3; count > 0; count -= 1)
      assert.equal(answered({ kind: POD, object: most }).outcome.action, 'injected');
  });

  test('a Service with more keys in its selector than one has is left alone', () => {
    const selector = Object.fromEntries(Array.from({ length: 60_000 }, (_, at) => [`k${at}`, '']));
    const object = { metadata: { labels: { 'site-follower/follow': 'true' } }, spec: { selector } };
    const { answer, outcome } = answered({ kind: { ...POD, kind: 'Service' }, object });
    assert.equal(outcome.action, 'none');
    assert.match(answer.response.warnings?.join() ?? '', /was not looked at: spec\.selector: is too long/);
  });
});
