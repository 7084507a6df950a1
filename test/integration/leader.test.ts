import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { PROGRAM, STATUS_CONFIGMAP } from '../../contract/names.ts';
import { LEASES } from '../../kubernetes/resources.ts';
import { assertOneHistory } from '../support/config-map-history.ts';
import type { ControllerProcess } from '../support/controller-process.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import type { Match } from '../support/proxy/target.ts';
import { Registrar } from '../support/registrar.ts';
import { ADDRESSES, createScene, EAST, type Scene, WEST } from '../support/scene.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { until } from '../support/until.ts';

const plane = await sharedControlPlane();

/** The Lease of a leader that dies without a word runs out after 10 s, and a candidate looks every 2 s. */
const TAKEOVER_MS = 15_000;
const FROZEN_MS = 60_000;

/** The first one leads, and the second one waits. */
async function startTwo(scene: Scene, extra = {}): Promise<[ControllerProcess, ControllerProcess]> {
  const first = await scene.startAndSettle({ ...extra, POD_NAME: 'first' });
  const second = await scene.start({ ...extra, POD_NAME: 'second' });
  await second.child.waitForLog(({ msg }) => msg === 'another replica leads', 10_000);
  return [first, second];
}

/** The terms in which it led. */
function terms({ child }: ControllerProcess): readonly number[] {
  return child.records.filter(({ msg }) => msg === 'leading').map(({ term }) => Number(term));
}

async function holder({ api, namespace }: Scene): Promise<string> {
  const { spec } = await api.get(LEASES, { namespace, name: PROGRAM });
  return (spec?.holderIdentity ?? '').split('_')[0] ?? '';
}

describe('two replicas', { concurrency: 4 }, () => {
  test('have one leader, and both show the same', async (t) => {
    const scene = await createScene(t, plane);
    const [first, second] = await startTwo(scene);
    assert.equal(await holder(scene), 'first');
    assert.deepEqual([terms(first).length, terms(second).length], [1, 0]);
    await scene.moveTo(WEST);
    await scene.settled(WEST, 2);
    const shown = async (controller: ControllerProcess) => {
      const { leader, followers } = (await controller.json('/api/status')) as Record<string, unknown>;
      return { leader, followers };
    };
    await second.child.waitUntil(
      'the second one shows the move',
      async () => JSON.stringify(await shown(second)).includes('"epoch":2'),
      10_000,
    );
    const [one, other] = await Promise.all([shown(first), shown(second)]);
    assert.deepEqual([one.leader, other.leader], [true, false]);
    assert.deepEqual(other.followers, one.followers);
    assert.deepEqual(
      await Promise.all([first, second].map((one) => one.metric('kube_site_follower_leader'))),
      [1, 0],
    );
    for (const controller of [first, second]) assert.equal((await controller.get('/readyz')).status, 200);
  });

  test('hand over at once when the leader is asked to stop', async (t) => {
    const scene = await createScene(t, plane);
    const [first, second] = await startTwo(scene);
    const asked = performance.now();
    const exit = first.child.stop();
    await second.leads(10_000);
    const took = performance.now() - asked;
    assert.deepEqual(await exit, { code: 0, signal: null });
    assert.ok(took < 1_500, `the second one leads after ${took} ms`);
    t.diagnostic(`handed over in ${Math.round(took)} ms`);
    assert.equal(await holder(scene), 'second');
    await scene.moveTo(WEST);
    await scene.settled(WEST, 2);
    assert.ok((terms(second)[0] ?? 0) > (terms(first)[0] ?? 0));
    assertOneHistory(scene.status.versions);
  });

  /** The moments of a failover at which the leader is killed. */
  const moments = {
    'before anything is decided': async (scene: Scene, kill: () => void) => {
      await scene.cluster.setStatus({ targetPrimary: 'pending', phase: 'Failing over' });
      kill();
      await scene.operator.failover('pg-2');
    },
    'when the primary has just moved': async ({ operator }: Scene, kill: () => void) => {
      await operator.failover('pg-2', { onMoved: kill });
    },
    'when the status is written and the DNS is not': async (scene: Scene, kill: () => void) => {
      const written = scene.status.untilStatus('it is written', ({ activeSite }) => activeSite === WEST);
      await Promise.all([scene.operator.failover('pg-2'), written.then(kill)]);
    },
  };
  for (const [moment, play] of Object.entries(moments)) {
    test(`finish a failover whose leader is killed ${moment}`, async (t) => {
      const scene = await createScene(t, plane);
      const registrar = await Registrar.start(t, ADDRESSES[EAST]);
      const [first, second] = await startTwo(scene, registrar.environment);
      await play(scene, () => first.child.signal('SIGKILL'));
      await second.leads(TAKEOVER_MS);
      await scene.settled(WEST, 2);
      await registrar.pointsTo(ADDRESSES[WEST]);
      assert.deepEqual(registrar.harm, []);
      assert.equal((await first.child.exited).signal, 'SIGKILL');
      assertOneHistory(scene.status.versions);
    });
  }

  test('have one writer when the leader is stopped for a minute in the middle of a failover', async (t) => {
    const scene = await createScene(t, plane);
    const registrar = await Registrar.start(t, ADDRESSES[EAST]);
    const [first, second] = await startTwo(scene, registrar.environment);
    const frozen = delay(FROZEN_MS);
    await scene.operator.failover('pg-2', { onMoved: () => first.child.signal('SIGSTOP') });
    await second.leads(TAKEOVER_MS);
    await scene.settled(WEST, 2);
    await registrar.pointsTo(ADDRESSES[WEST]);
    await scene.moveTo(EAST);
    await scene.settled(EAST, 3);
    await registrar.pointsTo(ADDRESSES[EAST]);
    await frozen;

    const versions = scene.status.versions.length;
    const writes = registrar.writes;
    first.child.signal('SIGCONT');
    await first.child.waitForLog(({ msg }) => msg === 'lease lost', 10_000);
    await first.child.waitForLog(
      ({ msg, holder }) => msg === 'another replica leads' && isOf(holder, 'second'),
      10_000,
    );
    assert.equal(await holder(scene), 'second');
    await scene.moveTo(WEST);
    await scene.settled(WEST, 4);
    await registrar.pointsTo(ADDRESSES[WEST]);
    assert.equal(registrar.writes, writes + 1);
    const [own = 0] = terms(second);
    for (const { term } of scene.status.versions.slice(versions)) assert.equal(term, own);

    await second.child.stop();
    await first.child.waitForLog(({ msg, term }) => msg === 'leading' && Number(term) > own, 10_000);
    await scene.moveTo(EAST);
    await scene.settled(EAST, 5);
    assertOneHistory(scene.status.versions);
    assert.deepEqual(registrar.harm, []);
  });

  test('lose no later state to a write of the old leader that was under way all the time', async (t) => {
    const scene = await createScene(t, plane);
    const proxy = await startFaultProxy(plane);
    t.after(() => proxy.stop());
    const first = await scene.startAndSettle({ POD_NAME: 'first' }, { server: proxy.url });
    const second = await scene.start({ POD_NAME: 'second' });
    const write: Match = { verbs: ['replace'], resource: 'configmaps', name: STATUS_CONFIGMAP };
    const before = proxy.count(write);
    const letThrough = proxy.inject(write, { kind: 'hold' });
    await scene.moveTo(WEST);
    await until('the write is under way', () => proxy.count(write) > before || undefined, {
      timeoutMs: 20_000,
    });
    first.child.signal('SIGSTOP');
    await second.leads(TAKEOVER_MS);
    await scene.settled(WEST, 2);
    await scene.moveTo(EAST);
    await scene.settled(EAST, 3);
    const versions = scene.status.versions.length;
    letThrough();
    first.child.signal('SIGCONT');
    await first.child.waitForLog(({ msg }) => msg === 'lease lost', 10_000);
    await first.child.waitForLog(
      ({ msg, holder }) => msg === 'another replica leads' && isOf(holder, 'second'),
      10_000,
    );
    assert.equal(scene.status.versions.length, versions);
    assertOneHistory(scene.status.versions);
  });

  test('change places when the leader is cut off from the API server, and it serves as the other one again', async (t) => {
    const scene = await createScene(t, plane);
    const proxy = await startFaultProxy(plane);
    t.after(() => proxy.stop());
    const first = await scene.startAndSettle({ POD_NAME: 'first' }, { server: proxy.url });
    const second = await scene.start({ POD_NAME: 'second' });
    await proxy.close();
    await first.child.waitForLog(({ msg }) => msg === 'lease lost', 10_000);
    await second.leads(TAKEOVER_MS);
    await scene.moveTo(WEST);
    await scene.settled(WEST, 2);
    assert.equal(await first.metric('kube_site_follower_leader'), 0);
    assert.equal(first.child.exit, undefined);
    await proxy.open();
    await first.child.waitForLog(
      ({ msg, holder }) => msg === 'another replica leads' && isOf(holder, 'second'),
      40_000,
    );
    await second.child.stop();
    await scene.moveTo(EAST);
    await scene.settled(EAST, 3);
    assertOneHistory(scene.status.versions);
  });

  test('recover when somebody deletes the Lease, and never go back behind a term', async (t) => {
    const scene = await createScene(t, plane);
    await startTwo(scene);
    await scene.api.delete(LEASES, { namespace: scene.namespace, name: PROGRAM });
    await scene.moveTo(WEST);
    await scene.settled(WEST, 2);
    assert.ok(['first', 'second'].includes(await holder(scene)));
    await scene.status.delete();
    await scene.settled(WEST, 2);
    assertOneHistory(scene.status.versions);
  });
});

function isOf(identity: unknown, name: string): boolean {
  return String(identity).startsWith(`${name}_`);
}
