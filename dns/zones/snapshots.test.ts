import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeApi } from '../../kubernetes/api.ts';
import { KubeError } from '../../kubernetes/errors.ts';
import { CONFIG_MAPS, type ConfigMap } from '../../kubernetes/resources.ts';
import { FakeCluster, OPS, script } from '../../test/support/fake-cluster.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { ConfigMapSnapshots } from './snapshots.ts';

const abort = new AbortController().signal;
const notFound = new KubeError('not found', { status: 404, reason: 'NotFound' });
const conflict = new KubeError('conflict', { status: 409, reason: 'Conflict' });
const forbidden = new KubeError('configmaps is forbidden', { status: 403, reason: 'Forbidden' });

/** One ConfigMap with compare-and-set; `failures` are thrown by writes, one each. */
function store(failures: Error[] = []) {
  let object: ConfigMap | undefined;
  let version = 0;
  const write = (wanted: ConfigMap) => {
    const failure = failures.shift();
    if (failure !== undefined) return Promise.reject(failure);
    if (wanted.metadata.resourceVersion !== object?.metadata.resourceVersion) return Promise.reject(conflict);
    version += 1;
    object = { ...wanted, metadata: { ...wanted.metadata, resourceVersion: String(version) } };
    return Promise.resolve(object);
  };
  const api = {
    get: () => (object === undefined ? Promise.reject(notFound) : Promise.resolve(object)),
    create: (_: unknown, wanted: ConfigMap) => write(wanted),
    replace: (_: unknown, wanted: ConfigMap) => write(wanted),
  } as unknown as KubeApi;
  const clock = new VirtualClock();
  const snapshots = new ConfigMapSnapshots(api, clock, 'follower');
  return { snapshots, clock, read: () => object };
}

test('the last three are kept, by their time, in a ConfigMap of the zone', async () => {
  const { snapshots, clock, read } = store();
  for (const text of ['one', 'two', 'three', 'four']) {
    await snapshots.save('example.com', text, abort);
    await clock.advance(1_000);
  }
  assert.deepEqual(read()?.data, {
    '2026-01-01T000001.000Z.json': 'two',
    '2026-01-01T000002.000Z.json': 'three',
    '2026-01-01T000003.000Z.json': 'four',
  });
  assert.equal(read()?.metadata.name, 'kube-site-follower-zone-example.com');
  assert.equal(read()?.metadata.labels?.['site-follower/role'], 'zones');
  for (const name of Object.keys(read()?.data ?? {})) assert.match(name, /^[-._a-zA-Z0-9]+$/);
});

test('what does not fit beside the newest is dropped', async () => {
  const { snapshots, clock, read } = store();
  for (let count = 0; count < 3; count += 1) {
    await snapshots.save('example.com', 'x'.repeat(400_000), abort);
    await clock.advance(1_000);
  }
  assert.deepEqual(Object.keys(read()?.data ?? {}), [
    '2026-01-01T000002.000Z.json',
    '2026-01-01T000001.000Z.json',
  ]);
});

test('a lost compare-and-set is repeated', async () => {
  const { snapshots, read } = store([conflict, conflict]);
  await snapshots.save('example.com', 'one', abort);
  assert.deepEqual(Object.values(read()?.data ?? {}), ['one']);
});

test('one that was stored although it was answered by a conflict is not kept a second time', async () => {
  const kube = new FakeCluster();
  const snapshots = new ConfigMapSnapshots(kube.api, kube.process, OPS);
  for (const [verb, text] of [
    ['create', 'one'],
    ['replace', 'two'],
  ] as const) {
    kube.judge = script(verb, 'configmaps', ['sent twice']);
    const saving = snapshots.save('example.com', text, abort);
    await kube.clock.advance(1_000);
    await saving;
  }
  const { data } = kube.server.get(CONFIG_MAPS, {
    namespace: OPS,
    name: 'kube-site-follower-zone-example.com',
  });
  assert.deepEqual(Object.values(data ?? {}), ['two', 'one']);
});

test('what cannot be kept is an error that names the ConfigMap', async () => {
  const { snapshots } = store([forbidden]);
  await assert.rejects(snapshots.save('example.com', 'one', abort), {
    name: 'DnsError',
    kind: 'retry',
    message: /example\.com was not written .* forbidden/,
    action: /kube-site-follower-zone-example\.com in follower/,
  });
});
