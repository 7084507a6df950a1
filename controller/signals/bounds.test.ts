import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { LABELS } from '../../contract/names.ts';
import type { KubeObject } from '../../kubernetes/api.ts';
import type { ConfigMap, Pod, Service } from '../../kubernetes/resources.ts';
import { FakeApi } from '../../kubernetes/testing/fake-api.ts';
import { routedPod } from './follow-services/pods.ts';
import { followedBy } from './follow-services/service.ts';
import { gatedPod } from './pod-conditions/plan.ts';
import { CopyContents } from './status-copies/contents.ts';

const OBJECTS = 100;
const MOST_BYTES = 4 * 1024;
/** The longest that Kubernetes allows. */
const MAX_PREFIX = 253;
const MAX_NAME = 63;
const DATA = { epoch: '1' };

/** `parsed`, as by the client: what is kept of it must keep no part of its text. */
function textOf<T>(object: T): string {
  return JSON.stringify(object);
}

function manyLabels(index: number, count: number): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, at) => {
      const own = `${index}-${at}`;
      return [`${own.padEnd(MAX_PREFIX, 'x')}/${own.padEnd(MAX_NAME, 'y')}`, own.padEnd(MAX_NAME, 'z')];
    }),
  );
}

const metadata = (index: number) => ({
  namespace: `tenant-${index}`,
  name: 'large',
  uid: 'u',
  resourceVersion: '1',
});

function pod(index: number, labels: number): Pod {
  const owner = { apiVersion: 'v1', kind: 'K', uid: 'u', controller: true };
  return JSON.parse(
    textOf({
      metadata: {
        ...metadata(index),
        labels: manyLabels(index, labels),
        annotations: { 'site-follower/follower': `${index}${'x'.repeat(200_000)}` },
        ownerReferences: [{ ...owner, name: `${index}${'n'.repeat(100_000)}` }],
      },
      status: {
        conditions: [
          {
            type: 'site-follower/active',
            status: `${index}${'s'.repeat(50_000)}`,
            message: `${index}; this pod is in ${'m'.repeat(100_000)}`,
          },
        ],
      },
    }),
  );
}

function service(index: number, keys: number): Service {
  return JSON.parse(
    textOf({
      metadata: { ...metadata(index), labels: { [LABELS.follow]: 'true' } },
      spec: { selector: manyLabels(index, keys) },
    }),
  );
}

/** Of one whose data is right, and who has something else beside it. */
async function learnCopy(contents: CopyContents, found: ConfigMap): Promise<void> {
  const { namespace = '', name } = found.metadata;
  const seen = { key: { namespace, name }, uid: 'u', version: '1', isEnding: false };
  await contents.of(seen, DATA, AbortSignal.timeout(60_000));
}

function copies(more: (index: number) => Partial<ConfigMap>): (index: number) => Promise<CopyContents> {
  const api = new FakeApi();
  let found: ConfigMap = { metadata: metadata(0) };
  api.get = <T extends KubeObject>() => Promise.resolve(found as KubeObject as T);
  const contents = new CopyContents(api, {});
  return async (index) => {
    const { metadata: given, ...rest } = more(index);
    found = JSON.parse(textOf({ metadata: { ...metadata(index), ...given }, data: DATA, ...rest }));
    await learnCopy(contents, found);
    return contents;
  };
}

const text = (index: number) => `${index}${'x'.repeat(125_000)}`;
const KEPT: Readonly<Record<string, (index: number) => unknown>> = {
  'a pod behind Services, 128 labels': (index) => routedPod(['default'], pod(index, 128)),
  'a pod behind Services, 256 labels': (index) => routedPod(['default'], pod(index, 256)),
  'a pod with a gate': (index) => gatedPod(pod(index, 256)),
  'a Service, 32 keys': (index) => followedBy('default', service(index, 32)),
  'a Service, 256 keys': (index) => followedBy('default', service(index, 256)),
  'a copy with a text of somebody else': copies((index) => ({ binaryData: { text: text(index) } })),
  'a copy with annotations': copies((index) => ({
    metadata: { ...metadata(index), annotations: { text: text(index) } },
  })),
  'a copy with other data': copies((index) => ({ data: { text: text(index) } })),
};

for (const [what, keep] of Object.entries(KEPT)) {
  test(`of ${what}, however large, only little is kept`, async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    await keep(OBJECTS);
    collect();
    const before = process.memoryUsage().heapUsed;
    const kept: unknown[] = [];
    for (let index = 0; index < OBJECTS; index += 1) kept.push(await keep(index));
    collect();
    const each = Math.round((process.memoryUsage().heapUsed - before) / kept.length);
    assert.ok(each < MOST_BYTES, `${each} bytes of each`);
  });
}
