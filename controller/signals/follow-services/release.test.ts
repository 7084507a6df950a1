import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubeError } from '../../../kubernetes/errors.ts';
import { ObjectIndex } from '../../../kubernetes/object-index.ts';
import { SERVICES, type Service } from '../../../kubernetes/resources.ts';
import { FakeCluster } from '../../../test/support/fake-cluster.ts';
import { releaseOwnership } from './release.ts';
import { type FollowedService, followedBy } from './service.ts';

const MANAGED = [
  {
    manager: 'kube-site-follower',
    operation: 'Update',
    fieldsV1: { 'f:spec': { 'f:selector': { 'f:site-follower/site': {} } } },
  },
  { manager: 'helm', operation: 'Apply', fieldsV1: { 'f:spec': { 'f:ports': {} } } },
] as const;

/** Gives back those of `app`, many, and one of `shop`, which comes after them; resolves to what was called. */
async function release(many: number, prepare: (kube: FakeCluster) => void = () => undefined) {
  const kube = new FakeCluster(['app', 'shop']);
  const services = new ObjectIndex<FollowedService>();
  const names = [...Array.from({ length: many }, (_, index) => `app/web-${index}`), 'shop/web'];
  for (const key of names) {
    const [namespace = '', name = ''] = key.split('/');
    const labels = { 'site-follower/follow': 'true' };
    const metadata = { namespace, name, labels, managedFields: MANAGED };
    const made = kube.create<Service>(SERVICES, { metadata, spec: { selector: { app: 'web' } } });
    services.set(followedBy('default', made) ?? assert.fail());
  }
  prepare(kube);
  const failed: string[] = [];
  const abort = new AbortController();
  const scene = {
    services,
    isLeading: () => true,
    find: (key: { namespace: string; name: string }) => kube.api.get(SERVICES, key),
    onWritten: () => undefined,
    onFailure: (service: string) => failed.push(service),
  };
  const running = releaseOwnership(kube.watchPorts, scene, { abort: abort.signal, maxKeys: 10_000 });
  await kube.clock.advance(60_000);
  abort.abort();
  await kube.clock.advance(1_000);
  await running;
  assert.equal(kube.process.pending, 0, 'a timer was left');
  return { calls: kube.calls, failed };
}

test('a namespace with very many Services keeps no other one from having its own given back', async () => {
  const { calls } = await release(1_000);
  const place = calls.filter((call) => call.startsWith('patch')).indexOf('patch services shop/web');
  assert.ok(place >= 0 && place < 5, `it was written as number ${place + 1}`);
});

test('what cannot be written is tried again after some minutes, or in another version', async () => {
  const { calls, failed } = await release(1, (kube) => {
    kube.judge = ({ verb }) =>
      verb === 'patch' ? new KubeError('Too long', { status: 422, reason: 'Invalid' }) : undefined;
  });
  assert.equal(calls.filter((call) => call.startsWith('patch')).length, 2);
  assert.deepEqual(failed.toSorted(), ['app/web-0', 'shop/web']);
});
