import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runCli as runHere } from '../../cli/testing/terminal.ts';
import type { SidesView } from '../../cli/topology/switchover.ts';
import { CLUSTERS } from '../../cnpg/cluster.ts';
import { runCli } from '../support/cli.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { createTopology, type Place, type TopologyScene } from '../support/topology-scene.ts';
import { until } from '../support/until.ts';

const plane = await sharedControlPlane();
const LIMIT = { timeoutMs: 30_000 };

const other = (place: Place): Place => (place === 'east' ? 'west' : 'east');
const argsTo = (to: Place) => ['switchover', '--to', to, '--context', other(to), '--to-context', to];
const here = (scene: TopologyScene, args: readonly string[], given: object = {}) =>
  runHere(args, { env: { KUBECONFIG: scene.kubeconfig }, ...given });
const replicaOf = async (scene: TopologyScene, place: Place) =>
  (await scene[place].operator.cluster.get()).spec?.replica;
const promotionsOf = ({ east, west }: TopologyScene) => [
  ...east.operator.promotions,
  ...west.operator.promotions,
];

describe('kubectl site-follower switchover between two clusters', () => {
  test('demotes, takes the token, promotes, and tells what follows, there and back', async (t) => {
    const scene = await createTopology(t, plane);
    const env = { KUBECONFIG: scene.kubeconfig };
    const dry = await here(scene, [...argsTo('west'), '--dry-run']);
    assert.deepEqual([dry.code, dry.err], [0, ''], dry.out);
    assert.match(dry.out, /1\. In context east.*4\. .*The API servers accept these changes\.\n$/s);
    assert.equal((await replicaOf(scene, 'east'))?.primary, 'pg-east', 'nothing was changed');

    const { code, out, err } = await runCli([...argsTo('west'), '--yes'], env);
    assert.deepEqual([code, err], [0, ''], out);
    assert.match(out, /✓ +\+\S+ {2}pg-east is demoted, its token has \d{3} characters\n/);
    assert.match(out, /✓ +\+\S+ {2}pg-west is the primary, on timeline 2\n/);
    assert.match(out, /✓ +\+\S+ {2}the status says west\n/);
    assert.match(out, /Everything has followed\.\n$/);
    assert.doesNotMatch(out, /eyJ/, 'the token itself is not shown');
    assert.equal(
      (await here(scene, [...argsTo('west'), '--yes'])).out.includes('is the primary already'),
      true,
    );

    const back = await here(scene, [...argsTo('east'), '--yes', '-o', 'json']);
    assert.equal(back.code, 0, back.out + back.err);
    const { milestones } = JSON.parse(back.out) as SidesView;
    assert.deepEqual(
      milestones.filter(({ ms }) => ms === null),
      [],
    );
    assert.deepEqual(promotionsOf(scene), ['token', 'token']);

    // The east is lost with its operator, and believes in itself.
    scene.east.operator.paused = true;
    scene.west.operator.source = undefined;
    const promote = ['promote', '--to', 'west', '--context', 'west'];
    const shown = await here(scene, promote);
    assert.equal(shown.code, 1);
    assert.match(shown.out, /pg-east has to be made anew afterwards.*Nothing was changed/s);
    const typed = (word: string) => ({ interactive: true, ask: async () => word });
    const cancelled = await here(scene, [...promote, '--force'], typed('east'));
    assert.match(cancelled.out, /Cancelled; nothing was changed/);
    assert.deepEqual(promotionsOf(scene), ['token', 'token']);
    const forced = await here(scene, [...promote, '--force'], typed('west'));
    assert.equal(forced.code, 0, forced.out + forced.err);
    assert.match(forced.out, /Everything has followed.*When pg-east returns/s);
    assert.deepEqual(scene.west.operator.promotions, ['token', 'failover']);
    const both = await here(scene, ['status', '--context', 'east', '--context', 'west']);
    assert.equal(both.code, 0, both.err);
    assert.match(both.out, /Follower default is active on two sides at once/);
  });

  test('goes on where it was interrupted, at each step, can go back, and stops where Git puts it back', async (t) => {
    const scene = await createTopology(t, plane);
    const { east, west } = scene;
    /** Begins, and is interrupted as soon as `when`. */
    const interrupted = async (when: () => Promise<boolean>) => {
      const stop = new AbortController();
      const running = here(scene, [...argsTo('west'), '--yes'], { abort: stop.signal });
      await until('it has come so far', async () => (await when()) || undefined, LIMIT);
      stop.abort();
      return running;
    };

    east.operator.paused = true;
    const asked = await interrupted(async () => (await replicaOf(scene, 'east'))?.primary === 'pg-west');
    assert.equal(asked.code, 130);
    assert.match(asked.out, /nobody takes writes.*To go on: .* --to west .*To go back: .* --to east/s);
    east.operator.paused = false;
    const undone = await here(scene, [...argsTo('east'), '--yes']);
    assert.equal(undone.code, 0, undone.out + undone.err);
    assert.deepEqual(promotionsOf(scene), ['failover'], 'it took back what was its own');
    assert.equal(west.operator.isPrimary, false);

    west.operator.source = undefined;
    await interrupted(async () => (await replicaOf(scene, 'west'))?.promotionToken !== undefined);
    const waiting = await here(scene, [...argsTo('west'), '--dry-run']);
    assert.match(waiting.out, /It was begun before, and goes on from there/);
    west.operator.source = east.operator.wal;
    const gone = await here(scene, [...argsTo('west'), '--yes']);
    assert.equal(gone.code, 0, gone.out + gone.err);
    assert.deepEqual(promotionsOf(scene), ['failover', 'token']);

    west.operator.paused = true;
    const running = here(scene, [...argsTo('east'), '--yes']);
    await until(
      'it was demoted again',
      async () => (await replicaOf(scene, 'west'))?.primary === 'pg-east' || undefined,
      LIMIT,
    );
    await west.operator.cluster.setReplica({ primary: 'pg-west', source: 'pg-east' });
    const { code, err } = await running;
    assert.equal(code, 1);
    assert.match(err, /somebody has changed it back.*--print/);
  });

  test('refuses while something is in the way on either side, and prints what to change by Git', async (t) => {
    const scene = await createTopology(t, plane);
    const { east, west } = scene;
    const clusterOf = (place: Place) => scene[place].operator.cluster;
    const spec = (place: Place, body: object) =>
      plane.api.patch(CLUSTERS, clusterOf(place), { spec: body }, { type: 'merge' });
    const both = [{ name: 'pg-east' }, { name: 'pg-west' }];
    const cases: readonly (readonly [said: RegExp, spoil: () => unknown, mend: () => unknown])[] = [
      [
        /pg-east: the Cluster is not hibernated: it is hibernated/,
        () => clusterOf('east').annotate({ 'cnpg.io/hibernation': 'on' }),
        () => clusterOf('east').annotate({ 'cnpg.io/hibernation': null }),
      ],
      [
        /pg-west: the Cluster is healthy: its phase is "Failing over"/,
        () => clusterOf('west').setStatus({ phase: 'Failing over' }),
        () => clusterOf('west').setStatus({ phase: 'Cluster in healthy state' }),
      ],
      [
        /pg-east: it knows pg-west: spec\.externalClusters has no pg-west/,
        () => spec('east', { externalClusters: both.slice(0, 1) }),
        () => spec('east', { externalClusters: both }),
      ],
      [
        /both are of one database: their system identifiers differ/,
        () => clusterOf('west').setStatus({ systemID: '8' }),
        () => clusterOf('west').setStatus({ systemID: east.operator.systemId }),
      ],
      [
        /pg-west: it applies WAL at once: .*minApplyDelay/,
        () => spec('west', { replica: { minApplyDelay: '1h' } }),
        () => spec('west', { replica: { minApplyDelay: null } }),
      ],
    ];
    for (const [said, spoil, mend] of cases) {
      await spoil();
      const { code, out } = await here(scene, [...argsTo('west'), '--yes']);
      assert.equal(code, 1);
      assert.match(out, said);
      await mend();
    }
    assert.deepEqual([promotionsOf(scene), west.operator.isPrimary], [[], false]);
    const wrong = await here(scene, [
      'switchover',
      '--to',
      'east',
      '--context',
      'east',
      '--to-context',
      'west',
    ]);
    assert.deepEqual(
      [wrong.code, wrong.err],
      [2, 'Context west is the cluster of site west, not of east.\n'],
    );
    const single = await here(scene, ['switchover', '--to', 'west', '--context', 'east']);
    assert.match(single.err, /say both with --context and --to-context/);

    const printed = await here(scene, [...argsTo('west'), '--print']);
    assert.equal(printed.code, 0);
    assert.match(
      printed.out,
      /In context east.*primary: pg-west\n.*Wait until .*\.status\.demotionToken.*In context west.*promotionToken: TOKEN/s,
    );
    assert.equal((await replicaOf(scene, 'east'))?.primary, 'pg-east');
  });
});
