/** Sites that are lost and come back, and a kubelet that is restarted. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { FAILOVER_MS, REJOIN_MS } from '../support/limits.ts';
import { PodCreator } from '../support/pod-creator.ts';
import type { Suite } from '../support/suite.ts';
import { APP_NAMESPACE, WAY_NAMES, WAYS, type Way } from '../support/workload.ts';

/** A kubelet tells the state of all its pods within seconds of its start. */
const KUBELET_MS = 10_000;
const KUBELET_RESTARTS = 3;
const NODE_MS = 120_000;

/** Milliseconds from the cut. */
interface Cut {
  readonly promoted: number;
  /** The first request of a client in the other site that its own application answered, through a Service that follows. */
  readonly served: number;
}

export function siteCases(suite: () => Suite): void {
  const ready = (context: TestContext) => {
    if (!suite().isAt(context, 'workload')) return false;
    if (!suite().cluster.canLoseSites) context.skip('E2E_SITES names no command that takes sites away');
    return suite().cluster.canLoseSites;
  };

  test('a kubelet on the standby site is restarted', async (context) => {
    if (!ready(context)) return;
    const { cluster, recorder, results } = suite();
    const leaks = new Map<Way, number[]>(WAY_NAMES.map((way) => [way, []]));
    for (let round = 0; round < KUBELET_RESTARTS; round += 1) {
      await suite().settled(REJOIN_MS);
      const standby = suite().standbySite();
      const from = Date.now();
      for (const node of suite().sites.get(standby) ?? []) await cluster.site('restart-kubelet', node);
      await delay(KUBELET_MS); // It is measured what happens in this time, if anything does.
      const to = Date.now();
      for (const way of WAY_NAMES) leaks.get(way)?.push(suite().incidents.leak(way, standby, from, to).ms);
      const windows = [{ from, to, sites: [standby], why: 'kubelet restarted' }];
      const restored = suite().routesTo(recorder.activeSite ?? '');
      await suite().incidents.told({
        title: `Kubelet of the standby site restarted (${round + 1})`,
        from,
        windows,
      });
      assert.ok(restored, `standby pods are still routed to ${KUBELET_MS} ms after the restart`);
    }
    for (const [way, ms] of leaks) {
      results.times(
        `kubelet restarted: ${WAYS[way].title}, standby pods listed as ready`,
        ms,
        'docs/failures.md',
      );
    }
    results.keep('kubelet restarts, leak in ms', Object.fromEntries(leaks));
    for (const way of ['gated', 'followed'] as const) {
      assert.deepEqual(leaks.get(way), Array(KUBELET_RESTARTS).fill(0), `${WAYS[way].title} has a leak`);
    }
  });

  test('the site of the primary is cut off, and comes back, then the other one', async (context) => {
    if (!ready(context)) return;
    const { settings, results } = suite();
    const cuts: Cut[] = [];
    for (let round = 1; round <= settings.cuts; round += 1) cuts.push(await cutOff(round));
    const of = (what: string, figure: (cut: Cut) => number) =>
      results.times(`site cut off: ${what}`, cuts.map(figure), 'docs/failures.md');
    of('cut → promoted', ({ promoted }) => promoted);
    of('cut → first request served through a Service that follows', ({ served }) => served);
    of('promoted → that request', ({ promoted, served }) => served - promoted);
    results.keep('site cut off, in ms', cuts);
  });

  async function cutOff(round: number): Promise<Cut> {
    const { cluster, recorder, clients } = suite();
    await suite().settled(REJOIN_MS);
    const { node, site } = await cluster.placeOfPrimary();
    const from = Date.now();
    let healedAt = Number.NaN;
    try {
      await suite().moves('site cut off', () => cluster.site('cut', node), FAILOVER_MS);
    } finally {
      await cluster.site('heal', node);
      healedAt = Date.now();
    }
    const { epoch } = recorder.status ?? {};
    const title = `Site cut off and back (${round})`;
    await suite().incidents.returned({ title, site, node, from, backAt: healedAt });
    assert.equal(recorder.status?.epoch, epoch, 'the return of a site moves nothing');

    const move = recorder.moves.findLast(({ at }) => at >= from && at < healedAt);
    assert.ok(move !== undefined);
    const first = clients
      .between(move.to, 'followed', from, Date.now())
      .find((request) => request.site === move.to);
    assert.ok(first !== undefined, `no client in ${move.to} was served by its own site`);
    return { promoted: move.at - from, served: first.endedAt - from };
  }

  test('leader, a webhook and the primary are lost with their site at once', async (context) => {
    if (!ready(context)) return;
    const { cluster, recorder, results } = suite();
    await suite().settled(REJOIN_MS);
    await suite().release.ready('controller', NODE_MS);
    await suite().release.ready('webhook', NODE_MS);
    const leader = await suite().release.leader();
    if (recorder.activeSite !== leader.site) {
      await suite().moves('to the leader’s site', () => cluster.switchover());
      await suite().settled(REJOIN_MS);
    }
    const { node, site } = await cluster.placeOfPrimary();
    const webhooks = await suite().release.pods('webhook');
    assert.equal((await suite().release.leader()).site, site, 'the leader stands where the primary does');
    assert.ok(
      webhooks.some(({ spec }) => spec?.nodeName === node),
      'a webhook stands there, too',
    );

    const creator = new PodCreator(suite().api, APP_NAMESPACE).start();
    const from = Date.now();
    let startedAt = Number.NaN;
    try {
      await suite().moves('site lost', () => cluster.site('stop-node', node), FAILOVER_MS);
      const created = await creator.create();
      assert.ok(
        created.injected,
        `a labelled pod while one site is lost: ${created.error ?? 'not injected'}`,
      );
      await cluster.takesWrites(60_000);
      results.row('Site lost: the database takes writes again after', seconds(Date.now() - from));
    } finally {
      await cluster.site('start-node', node);
      startedAt = Date.now();
    }
    const { epoch } = recorder.status ?? {};
    await suite().incidents.returned({
      title: 'Site lost with leader, webhook and primary',
      site,
      node,
      from,
      backAt: startedAt,
    });
    assert.equal(recorder.status?.epoch, epoch, 'the return of a site moves nothing');
    const creations = await creator.stop();
    const failed = creations.filter(({ error }) => error !== undefined);
    results.row(
      'Site lost: labelled pods created meanwhile',
      `${creations.length} tried, ${failed.length} failed, the last of these after ${seconds((failed.at(-1)?.at ?? from) - from)}`,
      'failurePolicy Fail: until the lost replica is out of the webhook’s Service',
    );
    results.keep('site lost, failed creations', failed);
    assert.ok(
      creations.slice(-10).every(({ injected }) => injected),
      `labelled pods at the end: ${JSON.stringify(creations.slice(-10))}`,
    );
    await suite().release.ready('controller', NODE_MS);
    await suite().release.ready('webhook', NODE_MS);
  });
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
