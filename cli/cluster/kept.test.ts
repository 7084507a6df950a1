import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import type { KubeObject } from '../../kubernetes/api.ts';
import { isMissed } from '../../webhook/inject/decision.ts';
import { ENDPOINT_SLICES } from '../switchover/milestones.ts';
import { PODS } from '../testing/scene.ts';
import type { Listed } from './kept.ts';
import { POD_DETAILS } from './pod-details.ts';
import * as resources from './resources.ts';
import { WORKLOADS } from './workloads.ts';

/** Of each text, list and map that an object can have, as many as etcd takes. */
const LONG = 'x'.repeat(1_000_000);
const MANY = 20_000;
const texts = Object.fromEntries(
  Array.from({ length: MANY }, (_, at) => [`example.com/${at}`, 'x'.repeat(63)]),
);
const ports = Array.from({ length: MANY }, (_, at) => ({ containerPort: at, hostPort: at }));
const env = Array.from({ length: MANY }, (_, at) => ({ name: `SIDECAR_${at}`, value: LONG }));
const container = {
  name: 'web',
  image: LONG,
  command: [LONG],
  env,
  ports,
  resources: { limits: { ...texts, cpu: LONG, memory: LONG }, requests: { cpu: LONG } },
};
const containers = Array.from({ length: 100 }, (_, at) => ({ ...container, name: `web-${at}` }));
const affinity = {
  podAntiAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: { matchLabels: texts } }],
  },
};
const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', uid: 'u', name: LONG, controller: true };
const metadata = {
  namespace: 'shop',
  name: 'large',
  labels: { ...texts, [LABELS.inject]: 'true' },
  annotations: { [ANNOTATIONS.gate]: LONG, 'example.com/text': LONG },
  ownerReferences: Array.from({ length: 50 }, () => owner),
  managedFields: [{ manager: LONG }],
};
const spec = { nodeName: 'a', containers, initContainers: containers, volumes: [{ name: LONG }], affinity };
const waiting = { name: 'web', ready: false, state: { waiting: { reason: 'ErrImagePull', message: LONG } } };
const status = {
  phase: 'Pending',
  conditions: [
    ...Array.from({ length: MANY }, (_, at) => ({ type: `example.com/${at}`, status: 'True' })),
    { type: 'Ready', status: 'False', message: LONG },
  ],
  containerStatuses: Array.from({ length: MANY }, () => waiting),
};
const expressions = Array.from({ length: MANY }, () => ({ key: 'a', operator: 'In', values: [LONG] }));
const large = {
  metadata,
  endpoints: Array.from({ length: 1_000 }, () => ({
    addresses: [LONG],
    targetRef: { kind: 'Pod', name: 'web', fieldPath: LONG },
  })),
  spec: {
    ...spec,
    selector: { matchLabels: texts, matchExpressions: expressions },
    scaleTargetRef: { kind: 'Deployment', name: LONG },
    template: { metadata, spec },
    jobTemplate: { spec: { template: { metadata, spec } } },
    limits: Array.from({ length: MANY }, () => ({ type: 'Container', max: texts })),
    cluster: { name: LONG },
  },
  status,
};

const LISTED = [
  POD_DETAILS,
  ENDPOINT_SLICES,
  ...WORKLOADS,
  ...Object.values(resources),
] as unknown as readonly Listed<KubeObject>[];

describe('what is kept of an object', () => {
  for (const kind of new Set(LISTED)) {
    test(`of kind ${kind.kind} has a bound, whatever somebody puts into it`, () => {
      const bytes = Buffer.byteLength(JSON.stringify(kind.keep(large)));
      // 1,000 endpoints are as many as there can be in one.
      assert.ok(bytes < (kind === (ENDPOINT_SLICES as unknown) ? 200_000 : 100_000), `${bytes} bytes`);
    });
  }

  test('of a pod says all that is read of it', () => {
    for (const pod of PODS) {
      const kept = POD_DETAILS.keep(pod);
      assert.equal(isMissed(kept, 'site-follower'), isMissed(pod, 'site-follower'));
      assert.deepEqual(kept.metadata, pod.metadata);
      assert.deepEqual(kept.spec, pod.spec);
    }
  });
});
