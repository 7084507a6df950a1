/** Three sites, the third of which replicates from the second one; each controller knows the other two as its peers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { type Place, TOPOLOGY_LIMIT_MS, type TopologySide, topologyScene } from '../support/topology-side.ts';

const plane = await sharedControlPlane();

/** Two that were active at once; resource versions of one API server are in the order of its writes. */
function overlaps(sides: readonly TopologySide[]): string[] {
  const writes = sides.flatMap(({ place, status }) =>
    status.versions.map(({ object, status: said }) => ({
      place,
      version: Number(object?.metadata.resourceVersion),
      isActive: said?.activeSite === place,
    })),
  );
  const active = new Set<Place>();
  return writes
    .toSorted((one, other) => one.version - other.version)
    .flatMap(({ place, version, isActive }) => {
      if (isActive) active.add(place);
      else active.delete(place);
      return active.size > 1 ? [`${[...active].join(' and ')} at ${version}`] : [];
    });
}

test('three Clusters of a topology, one behind the other', async (t) => {
  const { sides, server, claimOf, pointsTo } = await topologyScene(t, plane, ['east', 'west', 'south']);
  const { east, west, south } = sides;
  const all = Object.values(sides);
  const isShown = (by: TopologySide, of: Place, expected: object) =>
    server.process.waitUntil(
      `the ${by.place} shows of the ${of} ${JSON.stringify(expected)}`,
      async () => {
        const peer = (await by.peers()).find(({ site }) => site === of);
        const shown = { ...peer?.sides[0], isAnswered: peer?.problem === '' };
        return Object.entries(expected).every(([key, value]) => Reflect.get(shown, key) === value);
      },
      TOPOLOGY_LIMIT_MS,
    );

  await t.test('the first one is active in the view of all, and each shows the others', async () => {
    await east.name('east');
    await west.name('east', '', 'pg-east');
    await south.name('east', '', 'pg-west');
    await Promise.all([west.demoted(), south.demoted()]);
    await Promise.all(all.map((side) => side.start()));
    await Promise.all(all.map((side) => side.activeAt('east')));
    await pointsTo('east');
    assert.equal(await claimOf(), 'pg-east');
    await isShown(south, 'east', { site: 'east', activeSite: 'east', claim: 'own', isAnswered: true });
    await isShown(south, 'west', { site: 'west', activeSite: 'east', claim: 'none', isAnswered: true });
  });

  await t.test('a switchover to the third one; the second one follows when it is told', async () => {
    await east.name('south', '', 'pg-south');
    await east.activeAt('south');
    await south.name('south', 'token', 'pg-west');
    await east.demoted();
    await south.until('it waits', ({ reason }) => reason.startsWith('PromotionPending'));
    await south.promoted(2, 'token');
    await south.activeAt('south');
    await pointsTo('south');
    assert.equal(await claimOf(), 'pg-south');
    await west.name('south', '', 'pg-south');
    await west.activeAt('south');
    await isShown(east, 'south', { activeSite: 'south', timeline: 2, claim: 'own' });
    assert.deepEqual(overlaps(all), []);
  });

  await t.test(
    'a controller that is asked to end leaves its site active, and the claim as it is',
    async () => {
      const before = south.status.last;
      await south.stop();
      assert.deepEqual(south.status.last, before);
      assert.match(south.report.last?.data.claim ?? '', /"promotedTo":2.*"made":\{"topology\.test"/);
      assert.equal(await claimOf(), 'pg-south');
      await isShown(east, 'south', { isAnswered: false, activeSite: 'south' });
      await south.start();
      await isShown(east, 'south', { isAnswered: true, activeSite: 'south', epoch: before?.status?.epoch });
      assert.deepEqual(overlaps(all), []);
    },
  );

  await t.test('the third one is lost, the second one promoted by force, and it returns', async () => {
    await south.kill();
    await east.name('west', '', 'pg-west');
    await east.activeAt('west');
    await west.name('west');
    await west.promoted(3);
    await west.activeAt('west');
    await pointsTo('west');
    await south.start();
    const held = await south.until('it stands by', ({ reason }) => reason.startsWith('ClaimedElsewhere'));
    assert.equal(held.activeSite, 'west');
    await isShown(west, 'south', { activeSite: 'west', phase: 'Held' });
    await pointsTo('west');
    assert.equal(await claimOf(), 'pg-west');
    assert.deepEqual(
      all.map(({ status }) => status.last?.status?.activeSite),
      ['west', 'west', 'west'],
    );
  });
});
