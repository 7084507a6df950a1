import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { assertOneHistory } from '../support/config-map-history.ts';
import type { ControllerProcess } from '../support/controller-process.ts';
import { Registrar } from '../support/registrar.ts';
import { ADDRESSES, createScene, EAST, WEST } from '../support/scene.ts';
import { ownControlPlane } from '../support/shared-control-plane.ts';
import { until } from '../support/until.ts';

const PAUSE_MS = 30_000;

const plane = await ownControlPlane();

/** The number of the replicas that say that they lead. */
async function leaders(controllers: readonly ControllerProcess[]): Promise<number> {
  const said = await Promise.all(controllers.map((one) => one.metric('kube_site_follower_leader')));
  return said.reduce((sum, leads) => sum + leads, 0);
}

test('two replicas outlive a restart of the API server and a long pause of etcd', async (t) => {
  const scene = await createScene(t, plane);
  const registrar = await Registrar.start(t, ADDRESSES[EAST]);
  const first = await scene.startAndSettle({ ...registrar.environment, POD_NAME: 'first' });
  const second = await scene.start({ ...registrar.environment, POD_NAME: 'second' });
  await second.child.waitForLog(({ msg }) => msg === 'another replica leads', 10_000);
  const both = [first, second];
  const oneLeads = () =>
    until('one of them leads', async () => (await leaders(both)) === 1 || undefined, { timeoutMs: 40_000 });

  await t.test('the API server is killed and started again', async () => {
    await plane.restartApiServer();
    await scene.moveTo(WEST);
    await scene.settled(WEST, 2, 40_000);
    await registrar.pointsTo(ADDRESSES[WEST]);
    await oneLeads();
  });

  await t.test('the API server stays away until the Lease has run out', async () => {
    await plane.stopApiServer();
    await until('nobody leads', async () => (await leaders(both)) === 0 || undefined, { timeoutMs: 20_000 });
    for (const { child } of both) assert.equal(child.exit, undefined);
    await plane.startApiServer();
    await scene.moveTo(EAST);
    await scene.settled(EAST, 3, 60_000);
    await registrar.pointsTo(ADDRESSES[EAST]);
    await oneLeads();
  });

  await t.test(`etcd is paused for ${PAUSE_MS / 1000} s`, async () => {
    const writes = registrar.writes;
    plane.pauseEtcd();
    await Promise.all([
      delay(PAUSE_MS),
      until('nobody leads', async () => (await leaders(both)) === 0 || undefined, { timeoutMs: 20_000 }),
    ]);
    for (const one of both) assert.equal((await one.get('/healthz')).status, 200);
    assert.equal(registrar.writes, writes);
    plane.resumeEtcd();
    await oneLeads();
    await until('the primary can be moved', () => scene.moveTo(WEST), { timeoutMs: 30_000 });
    await scene.settled(WEST, 4, 60_000);
    await registrar.pointsTo(ADDRESSES[WEST]);
  });

  assert.deepEqual(registrar.harm, []);
  assertOneHistory(scene.status.versions);
});
