import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { KubeApi } from '../../kubernetes/api.ts';
import { isConflict } from '../../kubernetes/errors.ts';
import { CONFIG_MAPS, type ConfigMap } from '../../kubernetes/resources.ts';
import { withMethod } from '../../test/simulation/sabotage.ts';
import { FakeCluster, OPS } from '../../test/support/fake-cluster.ts';
import { StatusFirst } from './status-first.ts';

const COPY: ConfigMap = { metadata: { namespace: OPS, name: 'copy' } };

let kube: FakeCluster;
let restored: AbortController;
let api: StatusFirst;

beforeEach(() => {
  kube = new FakeCluster();
  restored = new AbortController();
  api = new StatusFirst(withRestored(kube.api), kube.process);
});

function withRestored(real: KubeApi): KubeApi {
  return new Proxy(withMethod(real, 'get', real.get.bind(real)), {
    get: (target, name: keyof KubeApi) => (name === 'restored' ? restored.signal : target[name]),
  });
}

/** How a call stands after a while. */
async function fate(work: Promise<unknown>): Promise<string> {
  let outcome = 'waits';
  void work.then(
    () => {
      outcome = 'done';
    },
    (error: unknown) => {
      outcome = isConflict(error) ? 'has to look again' : String(error);
    },
  );
  await kube.clock.advance(1_000);
  return outcome;
}

const writes: readonly [string, () => Promise<unknown>][] = [
  ['create', () => api.create(CONFIG_MAPS, COPY)],
  ['replace', () => api.replace(CONFIG_MAPS, { ...COPY, data: { a: '1' } })],
  ['patch', () => api.patch(CONFIG_MAPS, COPY.metadata, { data: { a: '2' } }, { type: 'merge' })],
  ['delete', () => api.delete(CONFIG_MAPS, COPY.metadata)],
];

describe('what follows the status', () => {
  test('is written at once as long as etcd was never restored', async () => {
    for (const [what, write] of writes) assert.equal(await fate(write()), 'done', what);
  });

  for (const [what, write] of writes) {
    test(`waits for it after etcd was restored, and is planned again then: ${what}`, async () => {
      kube.create(CONFIG_MAPS, COPY);
      const changes = kube.changes.length;
      const old = restored.signal;
      restored = new AbortController();
      const work = write();
      assert.equal(await fate(work), 'waits');
      api.onReconciled({ restored: old });
      assert.equal(await fate(work), 'waits', 'a pass that began before tells nothing');
      api.onReconciled({ restored: restored.signal });
      assert.equal(await fate(work), 'has to look again');
      assert.equal(kube.changes.length, changes);
    });
  }

  test('is read meanwhile', async () => {
    kube.create(CONFIG_MAPS, COPY);
    restored = new AbortController();
    assert.equal(await fate(api.get(CONFIG_MAPS, COPY.metadata)), 'done');
    assert.equal(await fate(api.list(CONFIG_MAPS)), 'done');
  });

  test('waits no longer than a call may take, nor than its caller', async () => {
    restored = new AbortController();
    const stop = new AbortController();
    const left = api.create(CONFIG_MAPS, COPY, { abort: stop.signal });
    assert.equal(await fate(left), 'waits');
    stop.abort(new Error('the caller left'));
    assert.equal(await fate(left), 'Error: the caller left');
    const late = api.create(CONFIG_MAPS, COPY);
    await Promise.all([
      kube.clock.advance(20_000),
      assert.rejects(late, /the status that has to be stored first, since etcd was restored, gave no answer/),
    ]);
    assert.equal(kube.process.pending, 0);
  });
});
