import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { SwitchoverView } from '../../cli/commands/switchover.ts';
import { runCli as runHere } from '../../cli/testing/terminal.ts';
import { BACKUPS, CLUSTERS } from '../../cnpg/cluster.ts';
import { NODES, PODS } from '../../kubernetes/resources.ts';
import type { Permission } from '../../runtime/rights.ts';
import { runCli } from '../support/cli.ts';
import { grant } from '../support/rbac.ts';
import { Registrar } from '../support/registrar.ts';
import { ADDRESSES, createScene, EAST, type Scene } from '../support/scene.ts';
import { setNodeReady } from '../support/seed.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { until } from '../support/until.ts';

const plane = await sharedControlPlane();
const ADMIN = { KUBECONFIG: plane.kubeconfig };
const ARGS = ['switchover', '--to', 'us-west'];
/** Within this process: the tests before and after show that the shipped one does the same. */
const switchHere = (scene: Scene, option: string) =>
  runHere([...ARGS, '-n', scene.namespace, option], { env: ADMIN });

async function settledScene(t: TestContext): Promise<Scene> {
  const scene = await createScene(t, plane);
  await scene.startAndSettle();
  return scene;
}

describe('kubectl site-follower switchover', () => {
  test('moves the primary, and tells who has followed and when', async (t) => {
    const scene = await settledScene(t);
    scene.obey();
    const target = scene.cluster.instance(1);
    const args = [...ARGS, '-n', scene.namespace];

    const dry = await runCli([...args, '--dry-run'], ADMIN);
    assert.deepEqual([dry.code, dry.err], [0, '']);
    assert.match(dry.out, /✓ the Cluster is healthy\n.*All preconditions hold\.\n$/s);
    const asked = await runCli(args, ADMIN);
    assert.equal(asked.code, 2);
    assert.match(asked.err, /use --yes/);
    assert.notEqual((await scene.cluster.get()).status?.targetPrimary, target, 'nothing was changed');

    const { code, out, err } = await runCli([...args, '--yes'], ADMIN);
    assert.deepEqual([code, err], [0, '']);
    assert.match(out, new RegExp(`✓ +\\+[\\d.]+m?s  ${target} is the primary\n`));
    assert.match(out, /✓ +\+[\d.]+m?s {2}the status says us-west\n/);
    assert.match(out, /Everything has followed\.\n$/);
    await scene.settled('us-west', 2);

    const again = await runCli([...args, '--yes'], ADMIN);
    assert.equal(again.code, 0);
    assert.match(again.out, /already runs in us-west/);
    const back = ['switchover', '--to', 'us-east', '-n', scene.namespace, '-y', '-o', 'json'];
    const json = JSON.parse((await runCli(back, ADMIN)).out) as SwitchoverView;
    assert.equal(json.target, scene.cluster.instance(0));
    assert.deepEqual(
      json.milestones.filter(({ ms }) => ms === null),
      [],
    );
  });

  test('refuses while something is in the way, and says what', async (t) => {
    const scene = await settledScene(t);
    const { cluster, nodes } = scene;
    const [primary, target] = [cluster.instance(0), cluster.instance(1)];
    const { api } = plane;
    const clusterAnnotation = (name: string, value: string | null) =>
      api.patch(CLUSTERS, cluster, { metadata: { annotations: { [name]: value } } }, { type: 'merge' });
    const backup = { namespace: cluster.namespace, name: 'nightly' };
    const cordon = (unschedulable: boolean) =>
      api.patch(NODES, { name: nodes.west }, { spec: { unschedulable } }, { type: 'merge' });
    const taints = (list: readonly object[]) =>
      api.patch(NODES, { name: nodes.west }, { spec: { taints: list } }, { type: 'merge' });
    const healthy = (names: readonly string[]) => cluster.setStatus({ instancesStatus: { healthy: names } });
    const spec = (body: object) => api.patch(CLUSTERS, cluster, { spec: body }, { type: 'merge' });

    const cases: readonly [
      name: string,
      said: RegExp,
      spoil: () => Promise<unknown>,
      mend: () => Promise<unknown>,
    ][] = [
      [
        'reconciliation is off',
        /reconciliationLoop is disabled/,
        () => clusterAnnotation('cnpg.io/reconciliationLoop', 'disabled'),
        () => clusterAnnotation('cnpg.io/reconciliationLoop', null),
      ],
      [
        'it is hibernated',
        /it is hibernated/,
        () => clusterAnnotation('cnpg.io/hibernation', 'on'),
        () => clusterAnnotation('cnpg.io/hibernation', null),
      ],
      [
        'the target is fenced',
        new RegExp(`${target} is fenced`),
        () => clusterAnnotation('cnpg.io/fencedInstances', `["${target}"]`),
        () => clusterAnnotation('cnpg.io/fencedInstances', null),
      ],
      [
        'the primary is fenced',
        new RegExp(`${primary} is fenced`),
        () => clusterAnnotation('cnpg.io/fencedInstances', `["${primary}"]`),
        () => clusterAnnotation('cnpg.io/fencedInstances', null),
      ],
      [
        'it is a replica cluster',
        /takes no writes/,
        () => spec({ replica: { enabled: true, source: 'origin' } }),
        () => spec({ replica: null }),
      ],
      [
        'it is not healthy',
        /its phase is "Failing over"/,
        () => cluster.setStatus({ phase: 'Failing over' }),
        () => cluster.setStatus({ phase: 'Cluster in healthy state' }),
      ],
      [
        'a move is under way',
        /targetPrimary "pending"/,
        () => cluster.setStatus({ targetPrimary: 'pending' }),
        () => cluster.setStatus({ targetPrimary: primary }),
      ],
      [
        'an instance is not ready',
        /1 of 2 instances are ready/,
        () => cluster.setStatus({ readyInstances: 1 }),
        () => cluster.setStatus({ readyInstances: 2 }),
      ],
      [
        'a backup runs',
        /Backup nightly is running/,
        () => api.create(BACKUPS, { metadata: backup, spec: { cluster: { name: cluster.name } } }),
        () => api.delete(BACKUPS, backup),
      ],
      [
        'the target is not ready',
        new RegExp(`${target} is not Ready`),
        () => cluster.setReady(target, false),
        () => cluster.setReady(target, true),
      ],
      [
        'the target is no replica',
        /has the role "unhealthy"/,
        () => cluster.setRole(target, 'unhealthy'),
        () => cluster.setRole(target, 'replica'),
      ],
      [
        'the operator does not call it healthy',
        /not among the healthy instances/,
        () => healthy([primary]),
        () => healthy([primary, target]),
      ],
      [
        'its node is not ready',
        /node west-\w+ is not Ready/,
        () => setNodeReady(api, nodes.west, false),
        () => setNodeReady(api, nodes.west, true),
      ],
      ['its node is cordoned', /node west-\w+ is cordoned/, () => cordon(true), () => cordon(false)],
      [
        'its node is drained',
        /has the taint ToBeDeletedByClusterAutoscaler/,
        () => taints([{ key: 'ToBeDeletedByClusterAutoscaler', effect: 'NoSchedule', value: '1' }]),
        () => taints([]),
      ],
      [
        'no instance runs there',
        /no instance runs on a node of site us-west/,
        () => api.delete(PODS, { namespace: cluster.namespace, name: target }),
        () => cluster.createInstance(target, nodes.west, 'replica'),
      ],
    ];
    for (const [name, said, spoil, mend] of cases) {
      await t.test(name, async () => {
        await spoil();
        const { code, out } = await switchHere(scene, '--yes');
        await mend();
        assert.equal(code, 1);
        assert.match(out.replaceAll(/\s+/g, ' '), said);
        assert.match(out, /✗ .*Not done: \d+ of \d+ preconditions do not hold/s);
      });
    }
    const { code } = await switchHere(scene, '--dry-run');
    assert.equal(code, 0, 'nothing is in the way any more');
    assert.equal((await cluster.get()).status?.targetPrimary, primary, 'nothing was moved');
  });

  test('asks the operator to look again where nothing but its old report is in the way', async (t) => {
    const scene = await settledScene(t);
    scene.obey();
    const { cluster } = scene;
    const [primary, target] = [cluster.instance(0), cluster.instance(1)];
    const report = (timeLineID: number, more: object = {}) =>
      cluster.setStatus({
        instancesReportedState: { [target]: { isPrimary: false, timeLineID } },
        ...more,
      });
    /** As the operator does at any change: writes what it sees, and its own reason. */
    const looksAgain = async (timeLineID: number) => {
      await until(
        'the operator is asked',
        async () => (await cluster.get()).status?.phaseReason?.startsWith('Looking at the instances again'),
        { timeoutMs: 20_000 },
      );
      await report(timeLineID, { phaseReason: '' });
    };
    await report(7);

    const dry = await switchHere(scene, '--dry-run');
    assert.equal(dry.code, 1);
    assert.match(dry.out, /Without --dry-run it is asked to reconcile first/);
    assert.equal((await cluster.get()).status?.phaseReason ?? '', '', 'a dry run asks nobody');

    const [refused] = await Promise.all([switchHere(scene, '--yes'), looksAgain(7)]);
    assert.equal(refused.code, 1);
    assert.match(
      refused.out.replaceAll(/\s+/g, ' '),
      /is on timeline 7, the Cluster on 1; .* run CHECKPOINT in the primary/,
    );
    assert.equal((await cluster.get()).status?.targetPrimary, primary);

    const [moved] = await Promise.all([switchHere(scene, '--yes'), looksAgain(1)]);
    assert.deepEqual([moved.code, moved.err], [0, '']);
    assert.match(moved.out, /✓ the instance is on the timeline.*Everything has followed\.\n$/s);
  });

  test('says before what DNS will not do, and ends when all else has followed', async (t) => {
    const scene = await createScene(t, plane);
    const registrar = await Registrar.start(t, ADDRESSES[EAST]);
    await scene.startAndSettle({ ...registrar.environment, NAMECHEAP_API_KEY: 'expired' });
    scene.obey();
    const args = [...ARGS, '-n', scene.namespace];
    const report = () => scene.report.last?.data.dns ?? '';
    await until('the report tells of it', () => report().includes('"kind":"config"') || undefined, {
      timeoutMs: 30_000,
    });

    const dry = await runCli([...args, '--dry-run'], ADMIN);
    assert.equal(dry.code, 0);
    const warning = /! DNS will not follow: app\.example\.com A: .*key/i;
    assert.match(dry.out.replaceAll(/\s+/g, ' '), warning);

    const began = performance.now();
    const { code, out } = await runCli([...args, '--yes'], ADMIN);
    assert.equal(code, 4, out);
    assert.ok(performance.now() - began < 60_000, 'it does not wait for the ten minutes');
    const said = out.replaceAll(/\s+/g, ' ');
    assert.match(said, warning);
    assert.match(
      said,
      /the operator reports the Cluster healthy.*The rest does not follow by itself.*app\.example\.com A: .*key/i,
    );
  });

  test('uses no rights but those of whoever asks', async (t) => {
    const scene = await settledScene(t);
    const user = { name: `mover-${scene.namespace}` };
    const { namespace } = scene.cluster;
    const { group } = CLUSTERS;
    const rights: readonly Permission[] = [
      {
        namespace: scene.namespace,
        group: '',
        resource: 'configmaps',
        verbs: ['list', 'watch'],
        reason: 'Reads the status.',
      },
      { group: '', resource: 'nodes', verbs: ['list'], reason: 'Judges the node.' },
      { namespace, group: '', resource: 'pods', verbs: ['list'], reason: 'Judges the instances.' },
      { namespace, group, resource: 'clusters', verbs: ['get', 'list', 'watch'], reason: 'Judges it.' },
      { namespace, group, resource: 'backups', verbs: ['list'], reason: 'Sees what runs.' },
    ];
    await grant(plane, { user, rights });
    const env = { KUBECONFIG: await plane.kubeconfigFor(user) };
    const { code, out } = await runCli([...ARGS, '-n', scene.namespace, '--yes'], env);
    assert.equal(code, 1);
    assert.match(out, /✗ you have permission to move it: you may not patch clusters\/status/);
    assert.equal((await scene.cluster.get()).status?.targetPrimary, scene.cluster.instance(0));

    // With the rights of docs/cli.md, but none to see Services: what is not watched is not called done.
    scene.obey();
    const mover = { name: `promoter-${scene.namespace}` };
    const patch: Permission = {
      namespace,
      group,
      resource: 'clusters/status',
      verbs: ['patch'],
      reason: 'Moves it.',
    };
    await grant(plane, { user: mover, rights: [...rights, patch] });
    const moved = await runCli([...ARGS, '-n', scene.namespace, '--yes'], {
      KUBECONFIG: await plane.kubeconfigFor(mover),
    });
    assert.deepEqual([moved.code, moved.err], [0, '']);
    assert.match(
      moved.out,
      /Services are not watched: you may not list pods[\s\S]*Everything has followed\.\n$/,
    );
  });

  test('refuses when no controller leads, and knows the sites', async (t) => {
    const scene = await createScene(t, plane);
    const controller = await scene.startAndSettle();
    await controller.stop();
    const { code, out } = await runCli([...ARGS, '-n', scene.namespace, '--yes'], ADMIN);
    assert.equal(code, 1);
    assert.match(out, /✗ a controller leads: no controller runs/);
    const other = await runCli(['switchover', '--to', 'mars', '-n', scene.namespace], ADMIN);
    assert.equal(other.code, 2);
    assert.match(other.err, /There is no site mars; there are: us-east, us-west\./);
  });
});
