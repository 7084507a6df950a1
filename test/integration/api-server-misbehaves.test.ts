import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { assertOneHistory } from '../support/config-map-history.ts';
import { type Fault, type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import type { Match } from '../support/proxy/target.ts';
import { Registrar } from '../support/registrar.ts';
import { ADDRESSES, createScene, EAST, type Scene, WEST } from '../support/scene.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { until } from '../support/until.ts';

const plane = await sharedControlPlane();

/** The loop's period, and what a pass may take on a busy machine. */
const BY_PASS_MS = 10_000 + 2_500;
/** Right after a move was noticed by a pass, the next pass is nearly a period away. */
const BY_WATCH_MS = 5_000;
/** A watch that is silent for 100 s counts as dead. */
const SILENCE_ENDS_MS = 130_000;
/** The longest pause between two attempts is 30 s. */
const BACKOFF_ENDS_MS = 45_000;
const WATCHES: Match = { verbs: ['watch'] };

/** A controller behind a proxy, its record in the east. */
async function startBehindProxy(t: TestContext) {
  const scene = await createScene(t, plane);
  const [proxy, registrar] = await Promise.all([startFaultProxy(plane), Registrar.start(t, ADDRESSES[EAST])]);
  t.after(() => proxy.stop());
  const controller = await scene.startAndSettle(registrar.environment, { server: proxy.url });
  return { scene, proxy, registrar, controller };
}

/** Moves the primary and gives the milliseconds until the status says so. */
async function follow(scene: Scene, site: typeof EAST | typeof WEST, epoch: number): Promise<number> {
  const settled = scene.settled(site, epoch, 40_000);
  const [{ acceptedAt }] = await Promise.all([scene.moveTo(site), settled]);
  const first = scene.status.versions.find(({ status }) => status?.epoch === epoch);
  return (first?.at ?? Number.NaN) - acceptedAt;
}

async function assertFollowsFast(scene: Scene, epoch: number): Promise<void> {
  for (const [index, site] of ([WEST, EAST, WEST] as const).entries()) {
    const took = await follow(scene, site, epoch + index);
    assert.ok(took < BY_WATCH_MS, `followed within ${Math.round(took)} ms`);
  }
}

describe('an API server that misbehaves', { concurrency: 5 }, () => {
  test('every watch silently dead: it follows by its passes, and by watches again when they live', async (t) => {
    const { scene, proxy, registrar, controller } = await startBehindProxy(t);
    const heal = proxy.inject(WATCHES, { kind: 'silence' });
    const slow = [await follow(scene, WEST, 2), await follow(scene, EAST, 3)];
    for (const took of slow) assert.ok(took < BY_PASS_MS, `followed within ${Math.round(took)} ms`);
    t.diagnostic(`without watches: ${slow.map(Math.round).join(' ms, ')} ms`);
    await registrar.pointsTo(ADDRESSES[EAST]);
    heal();
    const watched = watchesAgain(proxy, SILENCE_ENDS_MS);
    for (const resource of ['clusters', 'pods']) {
      await controller.child.waitForLog(
        (line) => line.resource === resource && line.kind === 'silent',
        SILENCE_ENDS_MS,
      );
    }
    await watched;
    await assertFollowsFast(scene, 4);
    await registrar.pointsTo(ADDRESSES[WEST]);
    assert.deepEqual(registrar.harm, []);
    assertOneHistory(scene.status.versions);
  });

  test('every connection cut, again and again: it follows', async (t) => {
    const { scene, proxy } = await startBehindProxy(t);
    for (let epoch = 2; epoch < 8; epoch += 1) {
      proxy.cut();
      const took = await follow(scene, epoch % 2 === 0 ? WEST : EAST, epoch);
      assert.ok(took < BY_PASS_MS, `followed within ${Math.round(took)} ms`);
    }
    assertOneHistory(scene.status.versions);
  });

  /** How long each storm blows. */
  const STORM_MS = 15_000;
  const storms: Readonly<Record<string, readonly (readonly [Match, Fault])[]>> = {
    'watches expire with HTTP 410': [[WATCHES, { kind: 'answer', status: 410 }]],
    'watches expire with an ERROR event': [[WATCHES, { kind: 'error-event', code: 410 }]],
    'watches and lists expire': [
      [WATCHES, { kind: 'error-event', code: 410 }],
      [{ verbs: ['list'] }, { kind: 'answer', status: 410 }],
    ],
    'watches end in an internal error': [[WATCHES, { kind: 'error-event', code: 500 }]],
  };
  for (const [what, faults] of Object.entries(storms)) {
    test(`${what}: it follows by its passes, asks with patience, and recovers`, async (t) => {
      const { scene, proxy } = await startBehindProxy(t);
      const storm = delay(STORM_MS);
      const before = proxy.count({ verbs: ['watch', 'list'] });
      const heal = faults.map(([match, fault]) => proxy.inject(match, fault));
      proxy.cut();
      const took = await follow(scene, WEST, 2);
      assert.ok(took < BY_PASS_MS, `followed within ${Math.round(took)} ms`);
      await storm;
      const asked = proxy.count({ verbs: ['watch', 'list'] }) - before;
      // Eight reflectors with a back-off from 0.8 s on make about five attempts each.
      assert.ok(asked < 150, `${asked} lists and watches within ${STORM_MS} ms`);
      for (const end of heal) end();
      await Promise.all([watchesAgain(proxy, BACKOFF_ENDS_MS), follow(scene, EAST, 3)]);
      await assertFollowsFast(scene, 4);
      assertOneHistory(scene.status.versions);
    });
  }

  const refusals: readonly (readonly [string, Match, Fault])[] = [
    ['answers everything with 503', {}, { kind: 'answer', status: 503 }],
    ['answers everything with 429', {}, { kind: 'answer', status: 429, retryAfterSeconds: 1 }],
    ['answers nothing', {}, { kind: 'hang' }],
  ];
  for (const [what, match, fault] of refusals) {
    test(`the server ${what}: nothing moves, and it is right again afterwards`, async (t) => {
      const { scene, proxy, registrar, controller } = await startBehindProxy(t);
      const versions = scene.status.versions.length;
      const heal = proxy.inject(match, fault);
      await controller.child.waitForLog(({ msg }) => msg === 'lease lost', 15_000);
      await scene.moveTo(WEST);
      assert.deepEqual([scene.status.versions.length, registrar.writes], [versions, 0]);
      assert.equal((await controller.get('/healthz')).status, 200);
      heal();
      await scene.settled(WEST, 2, 40_000);
      await registrar.pointsTo(ADDRESSES[WEST]);
      assert.deepEqual(registrar.harm, []);
      assertOneHistory(scene.status.versions);
    });
  }

  const partial: readonly (readonly [string, Match, Fault])[] = [
    ['Cluster', { verbs: ['get'], resource: 'clusters' }, { kind: 'answer', status: 500 }],
    ['pod', { verbs: ['get'], resource: 'pods' }, { kind: 'answer', status: 500 }],
    ['node', { verbs: ['get'], resource: 'nodes' }, { kind: 'answer', status: 500 }],
    ['Cluster (no answer)', { verbs: ['get'], resource: 'clusters' }, { kind: 'hang' }],
  ];
  test('one kind of object cannot be read: it holds, says so, and follows afterwards', async (t) => {
    const { scene, proxy, registrar, controller } = await startBehindProxy(t);
    let epoch = 1;
    for (const [what, match, fault] of partial) {
      await t.test(what, async () => {
        const heal = proxy.inject(match, fault);
        const writes = registrar.writes;
        const site = epoch % 2 === 1 ? WEST : EAST;
        await scene.moveTo(site);
        const held = await scene.held('ApiError');
        assert.equal(held.epoch, epoch);
        await controller.untilMetric('kube_site_follower_held', { reason: 'ApiError' }, 1);
        assert.equal(registrar.writes, writes);
        heal();
        epoch += 1;
        await scene.settled(site, epoch);
        await registrar.pointsTo(ADDRESSES[site]);
      });
    }
    await scene.event('PrimaryUnknown', ({ note }) => note.startsWith('ApiError: '));
    assert.deepEqual(registrar.harm, []);
    assertOneHistory(scene.status.versions);
  });
});

/** Resolves when the controller begins the next watch of the Clusters. */
async function watchesAgain(proxy: FaultProxy, timeoutMs: number): Promise<void> {
  const watches = () => proxy.count({ ...WATCHES, resource: 'clusters' });
  const before = watches();
  await until('there is another watch of the Clusters', () => watches() > before || undefined, { timeoutMs });
}
