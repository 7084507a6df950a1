/** What anybody can send that is judged in the main thread, where nothing else is done meanwhile. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FollowedPods } from '../contract/followed.ts';
import { ANNOTATIONS } from '../contract/names.ts';
import { admit } from './admission.ts';
import type { Limit } from './inject/limits.ts';
import { LARGE_BYTES } from './server-body.ts';
import { ASKS, config, DEPLOYMENT, POD, pod, review } from './testing/reviews.ts';

/** Of processor time, whatever else the machine does. */
const MOST_MS = 50;
const ATTEMPTS = 3;

const followed: readonly FollowedPods[] = [
  { namespace: 'shop', labels: { app: 'db', 'cnpg.io/cluster': 'pg' }, names: [], primary: '' },
];
const limits: readonly Limit[] = Array.from({ length: 20 }, () => [
  { type: 'Container', default: { cpu: '1' } },
  { type: 'Pod', max: { cpu: '1', memory: '1Gi' }, maxLimitRequestRatio: { cpu: '2' } },
]).flat();

/** As many of `item` as make a review of almost the size of those that another thread judges. */
function fill<T>(item: (index: number) => T): T[] {
  const items: T[] = [];
  for (let bytes = 2_000; ; ) {
    const next = item(items.length);
    bytes += JSON.stringify(next).length + 1;
    if (bytes >= LARGE_BYTES) return items;
    items.push(next);
  }
}

const filled = (text: string) => fill(() => text).join('');
const keys = (value: (index: number) => unknown) =>
  Object.fromEntries(fill((index) => [`key-${index}`, value(index)]));

/** Processor milliseconds, the least of some attempts: the collector of garbage may come in between. */
function costOf(body: unknown): number {
  const text = JSON.stringify(body);
  const costs = Array.from({ length: ATTEMPTS }, () => {
    const began = process.threadCpuUsage();
    admit(
      JSON.parse(text),
      config,
      () => undefined,
      followed,
      () => limits,
    );
    const { user, system } = process.threadCpuUsage(began);
    return (user + system) / 1_000;
  });
  return Math.min(...costs);
}

const podWith = (metadata: object, spec: object = {}) =>
  review({ kind: POD, namespace: 'shop', object: pod({ metadata: { labels: ASKS, ...metadata }, spec }) });
const withContainers = (containers: readonly object[]) => podWith({}, { containers });
const deploymentWith = (spec: object, template: object = {}) =>
  review({
    kind: DEPLOYMENT,
    namespace: 'shop',
    object: {
      metadata: { labels: ASKS },
      spec: {
        strategy: { rollingUpdate: { maxUnavailable: '100%' } },
        ...spec,
        template: { metadata: { labels: ASKS }, spec: { containers: [], ...template } },
      },
    },
  });

const required = 'requiredDuringSchedulingIgnoredDuringExecution';
const pins = (prefix: string, count: number) => ({
  matchExpressions: Array.from({ length: count }, (_, index) => ({
    key: `${prefix}${index.toString(36)}`,
    operator: 'In',
    values: [''],
  })),
});

const SHAPES: Readonly<Record<string, unknown>> = {
  'containers beside LimitRanges': withContainers(fill(() => ({ name: 'a' }))),
  'ports of containers': withContainers([
    { name: 'a', ports: fill((index) => ({ containerPort: index + 1 })) },
  ]),
  'variables of a container': withContainers([
    { name: 'a', env: fill((index) => ({ name: `A${index}`, value: '' })) },
  ]),
  'a long quantity': withContainers([{ name: 'a', resources: { limits: { cpu: `${filled('1')}x` } } }]),
  'volumes and mounts': podWith({}, { containers: [], volumes: fill((index) => ({ name: `v${index}` })) }),
  'mounts of a container': withContainers([
    { name: 'a', volumeMounts: fill((index) => ({ name: 'v', mountPath: `/p${index}` })) },
  ]),
  'init containers': podWith(
    {},
    { containers: [], initContainers: fill((index) => ({ name: `i${index}`, restartPolicy: 'Always' })) },
  ),
  'readiness gates': podWith({}, { containers: [], readinessGates: fill(() => ({ conditionType: 'a' })) }),
  'owners of a pod': podWith({ ownerReferences: fill((index) => ({ kind: 'Job', name: `o${index}` })) }),
  labels: podWith({ labels: { ...ASKS, ...keys(() => 'a') } }),
  annotations: podWith({ annotations: keys(() => 'a') }),
  'annotations as ours begin': podWith({
    annotations: Object.fromEntries(fill((index) => [`site-follower/${index}`, 'a'])),
  }),
  'nodes of a Deployment': deploymentWith(
    {},
    { affinity: { nodeAffinity: { [required]: { nodeSelectorTerms: [pins('a', 700), pins('b', 700)] } } } },
  ),
  'pods that a Deployment keeps apart': deploymentWith(
    {},
    {
      affinity: {
        podAntiAffinity: { [required]: fill(() => ({ labelSelector: { matchLabels: { a: 'b' } } })) },
      },
    },
  ),
  'containers of a Deployment': deploymentWith({}, { containers: fill(() => ({ name: 'a', ports: [] })) }),
};

const PATTERNS = [
  '1',
  '1,',
  'a',
  'a,',
  'a=b,',
  ' ',
  '- ',
  '(',
  '[',
  '{"a":',
  '\t\n',
  '1.',
  '::',
  '%',
  'é',
  '/a',
];

describe('a review below the size of those for another thread', () => {
  for (const [what, body] of Object.entries(SHAPES)) {
    test(`is soon judged with ${what}`, () => {
      const ms = costOf(body);
      assert.ok(ms < MOST_MS, `${ms} ms`);
    });
  }
  for (const annotation of Object.values(ANNOTATIONS)) {
    test(`is soon judged, whatever ${annotation} says`, () => {
      for (const pattern of PATTERNS) {
        const ms = costOf(podWith({ annotations: { [annotation]: `${filled(pattern)}!` } }));
        assert.ok(ms < MOST_MS, `${pattern}: ${ms} ms`);
      }
    });
  }
});
