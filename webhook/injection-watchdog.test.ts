import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { pino } from 'pino';
import { LABELS } from '../contract/names.ts';
import type { KubeObject } from '../kubernetes/api.ts';
import { KubeError } from '../kubernetes/errors.ts';
import { EventRecorder } from '../kubernetes/events.ts';
import type { ConfigMap, KubeEvent } from '../kubernetes/resources.ts';
import { FakeApi, page } from '../kubernetes/testing/fake-api.ts';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { INJECTION_CONFIGMAP, InjectionWatchdog } from './injection-watchdog.ts';
import { createMetrics } from './metrics.ts';

const PODS = 100;
const OWNER_BYTES = 1_000_000;
/** What is kept of a pod that was missed. */
const MOST_BYTES = 4 * 1024;

/** As the API server takes it: nothing but the pod's own metadata is checked. */
const owned = (index: number): KubeObject =>
  JSON.parse(
    JSON.stringify({
      metadata: {
        namespace: 'tenant',
        name: `pod-${index}`,
        uid: `uid-${index}`,
        labels: { [LABELS.inject]: 'true' },
        ownerReferences: [
          {
            apiVersion: 'v1',
            kind: 'K',
            name: `${index}${'x'.repeat(OWNER_BYTES)}`,
            uid: 'u',
            controller: true,
          },
        ],
      },
      spec: { containers: [] },
      status: { phase: 'Running' },
    }),
  );

function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

test('owners with names of a megabyte take no room in memory, in the report or in an Event', async () => {
  const api = new FakeApi();
  const clock = new VirtualClock();
  const written: KubeObject[] = [];
  let index = 0;
  api.onList = ({ labelSelector = '' }) => {
    if (!labelSelector.includes('!=')) return page([], '1');
    index += 1;
    return page([owned(index)], '1', index < PODS ? String(index) : undefined);
  };
  let bytes = 0;
  api.get = () => {
    bytes = heapBytes();
    return Promise.reject(new KubeError('there is none', { status: 404, reason: 'NotFound' }));
  };
  api.create = (_resource, object) => {
    written.push(object);
    return Promise.resolve(object);
  };
  const random = Math.random;
  const events = new EventRecorder({
    api,
    clock,
    random,
    reportingController: 'test',
    reportingInstance: 'test',
  });
  const watchdog = new InjectionWatchdog({
    api,
    clock,
    random,
    log: pino({ level: 'silent' }),
    metrics: createMetrics('1'),
    events,
    namespace: 'release',
    followed: () => [],
  });
  const before = heapBytes();
  await watchdog.sweep(new AbortController().signal);
  await events.flush();
  const each = Math.round((bytes - before) / PODS);
  assert.ok(each < MOST_BYTES, `${each} bytes of each pod`);
  const report = written.find(({ metadata }) => metadata.name === INJECTION_CONFIGMAP) as ConfigMap;
  assert.equal(report.data?.missed, String(PODS));
  assert.ok(JSON.stringify(report).length < PODS * MOST_BYTES);
  const told = written.filter((object) => 'regarding' in object);
  assert.equal(told.length, 25, 'one namespace has a rate');
  const regarding = written.flatMap((object) => (object as Partial<KubeEvent>).regarding?.kind ?? []);
  assert.deepEqual(new Set(regarding), new Set(['Pod']));
});
