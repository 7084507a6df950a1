import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isConflict } from '../../kubernetes/errors.ts';
import { SECRETS } from '../../kubernetes/resources.ts';
import { FakeCluster, OPS, script } from '../../test/support/fake-cluster.ts';
import { bootstrap } from './steps.ts';
import { CertificateStore } from './store.ts';

const KEY = { namespace: OPS, name: 'certificates' };
const UNSTOPPED = new AbortController().signal;
const LIFETIMES = { authorityMs: 10 * 86_400_000, leafMs: 86_400_000, settleMs: 1_000 };

/** Resolves with what `work` gives, while virtual time goes on. */
async function done<T>(kube: FakeCluster, work: Promise<T>): Promise<T> {
  work.catch(() => undefined); // Told by the caller, who awaits it.
  await kube.clock.advance(1_000);
  return work;
}

test('what was stored by a request that was sent twice is not taken for another replica’s', async () => {
  const kube = new FakeCluster();
  const store = new CertificateStore(kube.api, KEY);
  const issuance = { now: kube.clock.now(), names: ['webhook'], lifetimes: LIFETIMES };
  const [first, second] = await Promise.all([bootstrap([], issuance), bootstrap([], issuance)]);

  kube.judge = script('create', 'secrets', ['sent twice']);
  const created = await done(kube, store.write(first, undefined, UNSTOPPED));
  assert.deepEqual(created.stored, first);

  kube.judge = script('replace', 'secrets', ['sent twice']);
  const replaced = await done(kube, store.write(second, created, UNSTOPPED));
  assert.deepEqual(replaced.stored, second);
  assert.equal(
    kube.server.get(SECRETS, KEY).metadata.resourceVersion,
    replaced.object.metadata.resourceVersion,
  );

  // What another replica has stored is left to it.
  await assert.rejects(done(kube, store.write(first, created, UNSTOPPED)), isConflict);
});
