/** Sites, each with a Cluster, a namespace and a controller of its own, that share nothing but a zone in a real BIND. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CheckView } from '../../cli/checks/run.ts';
import { runCli } from '../support/cli.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { TOPOLOGY_ADDRESSES, TOPOLOGY_LIMIT_MS, topologyScene } from '../support/topology-side.ts';
import { until } from '../support/until.ts';

const plane = await sharedControlPlane();

test('two Clusters of a topology', async (t) => {
  const { sides, address, claimOf, pointsTo } = await topologyScene(t, plane, ['east', 'west']);
  const { east, west } = sides;

  await t.test('the primary’s site is active in the view of both, and writes DNS', async () => {
    await east.name('east');
    await west.name('east');
    await west.demoted();
    await Promise.all([east.start(), west.start()]);
    await Promise.all([east.activeAt('east'), west.activeAt('east')]);
    await pointsTo('east');
    assert.equal(await claimOf(), 'pg-east');
  });

  await t.test('a switchover: one stands by at once, the other is active when it was promoted', async () => {
    await east.name('west');
    await east.activeAt('west');
    assert.deepEqual(await address(), [TOPOLOGY_ADDRESSES.east], 'nobody was promoted yet');
    await west.name('west', 'token');
    await east.demoted();
    const { activeSite } = await west.until('it is promoted', ({ reason }) =>
      reason.startsWith('PromotionPending'),
    );
    assert.equal(activeSite, 'east');
    await west.promoted(2, 'token');
    await west.activeAt('west');
    await pointsTo('west');
    assert.equal(await claimOf(), 'pg-west');
  });

  await t.test('a region that was lost and returns with its old belief stands by', async () => {
    await west.kill();
    await east.name('east');
    await east.promoted(3);
    await east.activeAt('east');
    await pointsTo('east');
    await west.start();
    const held = await west.until('it stands by', ({ reason }) => reason.startsWith('ClaimedElsewhere'));
    assert.deepEqual([held.activeSite, held.phase], ['east', 'Held']);
    await pointsTo('east');
  });

  await t.test('also after failovers of its own, and after a restart', async () => {
    await west.reachTimeline(9);
    await west.kill();
    const { versions } = west.status;
    const seen = versions.length;
    await west.start();
    await west.until('it was looked at again', () => versions.length >= seen);
    assert.equal(await claimOf(), 'pg-east');
    assert.deepEqual(
      versions.slice(seen).filter(({ status }) => status?.activeSite === 'west'),
      [],
    );
  });

  await t.test(
    'it takes part again once it was demoted, and is active after the next promotion',
    async () => {
      await west.name('east');
      await west.demoted();
      await west.activeAt('east');
      await east.name('west');
      await east.demoted();
      await east.activeAt('west');
      await west.name('west');
      await west.promoted(10);
      await west.activeAt('west');
      await pointsTo('west');
      assert.equal(await claimOf(), 'pg-west');
    },
  );

  await t.test('`check` says what each of them hears of the other one', async () => {
    const peersOf = async () => {
      const { out } = await runCli(['check', '--namespace', east.namespace, '--output', 'json'], {
        KUBECONFIG: plane.kubeconfig,
      });
      return (JSON.parse(out) as CheckView).checks.find(({ name }) => name === 'peers');
    };
    type Peers = NonNullable<Awaited<ReturnType<typeof peersOf>>>;
    const said = (what: string, isIt: (peers: Peers) => boolean) =>
      until(
        what,
        async () => {
          const peers = await peersOf();
          return peers !== undefined && isIt(peers) ? peers : undefined;
        },
        { timeoutMs: TOPOLOGY_LIMIT_MS },
      );
    // An answer of a peer is up to ten seconds old.
    const well = await said(
      'both agree',
      ({ note }) => note === 'west is active, and has claimed its records',
    );
    assert.equal(well.outcome, 'ok');
    await west.kill();
    const lost = await said('the other one does not answer', ({ outcome }) => outcome === 'warning');
    assert.match(lost.findings[0]?.text ?? '', /does not answer.*ECONNREFUSED 127\.0\.0\.1/);
  });
});
