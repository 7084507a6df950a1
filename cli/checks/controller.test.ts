import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PROGRAM } from '../../contract/names.ts';
import type { Status } from '../../contract/status.ts';
import { LEASES, type Lease } from '../../kubernetes/resources.ts';
import { FakeCluster, OPS } from '../../test/support/fake-cluster.ts';
import { STATUS } from '../testing/scene.ts';
import { CONTROLLER } from './controller.ts';
import { World } from './world.ts';

/** What the check finds while the controller leads and has published this. */
async function findings(phase: Status['phase'], reason: string, more: Partial<Status> = {}) {
  const kube = new FakeCluster();
  kube.create<Lease>(LEASES, {
    metadata: { namespace: OPS, name: PROGRAM },
    spec: {
      holderIdentity: 'controller-1',
      leaseDurationSeconds: 15,
      renewTime: new Date(kube.clock.now()).toISOString().replace('Z', '000Z'),
    },
  });
  const status = { ...STATUS, phase, reason, ...more };
  const world = new World({
    api: kube.api,
    clock: kube.process,
    abort: new AbortController().signal,
    followers: [{ follower: 'default', namespace: OPS, configMap: 'status', status, report: {} }],
  });
  const finding = CONTROLLER.find(world);
  await kube.clock.advance(1_000);
  return (await finding).findings.map(({ text, action }) => `${text}. ${action}`);
}

test('a hold is found whatever the phase, and a move is not', async () => {
  const reason = 'PodEnded: pod pg/pg-1 has ended: Failed (Evicted)';
  for (const phase of ['Held', 'Transitioning'] as const) {
    const [found = ''] = await findings(phase, reason);
    assert.match(found, /^the last site is held: PodEnded: .*see why it ended with `kubectl describe pod`/);
  }
  assert.deepEqual(await findings('Transitioning', 'Moving: to pg-2'), []);
  assert.deepEqual(await findings('Settled', ''), []);
  assert.match(
    (await findings('Held', 'FromAnotherVersion: x'))[0] ?? '',
    /FromAnotherVersion: x\. See docs/,
  );
});

test('before any site was active there is no last one to hold', async () => {
  const [found = ''] = await findings('Held', 'ClusterNotFound: there is none', { activeSite: '' });
  assert.match(found, /^no site is active yet: ClusterNotFound: there is none\. /);
});
