/** The chart is upgraded, rolled back, taken away and put back, while pods are created and the database runs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { figuresOf } from '../../../bench/figures.ts';
import { LABELS } from '../../../contract/names.ts';
import { CONFIG_MAPS, PODS } from '../../../kubernetes/resources.ts';
import { PRIMARY } from '../support/cluster.ts';
import type { Way } from '../support/helm.ts';
import { RELEASE_NAMESPACE } from '../support/helm.ts';
import { added, inventory } from '../support/inventory.ts';
import { REJOIN_MS } from '../support/limits.ts';
import { PodCreator } from '../support/pod-creator.ts';
import type { Suite } from '../support/suite.ts';
import { APP_NAMESPACE, CLIENT_NAMESPACE } from '../support/workload.ts';

const READY_MS = 120_000;

export function upgradeCase(suite: () => Suite, way: Way): void {
  test(`upgrades and a rollback while pods are created, ${way} apply`, async (context) => {
    if (!suite().isAt(context, 'workload')) return;
    const { helm, results, release, api } = suite();
    await suite().settled(REJOIN_MS);
    const epoch = suite().recorder.status?.epoch;
    const first = await helm.revision();
    const creator = new PodCreator(api, APP_NAMESPACE).start();
    const from = Date.now();
    await helm.upgrade(suite().values({ logLevel: 'debug' }), way);
    await helm.upgrade(suite().values({}), way);
    await helm.rollback(first + 1, way);
    await helm.upgrade(suite().values({}), way);
    const took = (Date.now() - from) / 1_000;
    const creations = await creator.stop();

    const before = await suite().objectsOfRelease();
    await helm.upgrade(suite().values({}), way);
    const after = await suite().objectsOfRelease();
    assert.deepEqual(after, before, 'an upgrade to the same changed something');

    const failed = creations.filter(({ error }) => error !== undefined);
    const bare = creations.filter(({ error, injected }) => error === undefined && !injected);
    const { p50, p99, max } = figuresOf(creations.map(({ ms }) => ms));
    results.row(
      `three upgrades and a rollback, ${way}: labelled pods created meanwhile`,
      `${creations.length} tried, ${failed.length} failed, ${bare.length} without sidecar; p50 ${p50}, p99 ${p99}, max ${max} ms`,
      `in ${took.toFixed(0)} s`,
    );
    results.keep(`upgrades, ${way}`, { failed, bare });
    await release.ready('controller', READY_MS);
    await release.ready('webhook', READY_MS);
    await suite().settled(60_000);
    await release.noteGrants();
    await suite().incidents.told({ title: `Upgrades and rollback, ${way}`, from });
    assert.equal(suite().recorder.status?.epoch, epoch, 'an upgrade moves nothing');
    assert.deepEqual(failed.slice(0, 3), []);
    assert.equal(bare.length, 0, 'pods were created without their sidecar');
  });
}

export function reinstallCase(suite: () => Suite, way: Way): void {
  test(`uninstalled, nothing is left but the database; installed again (${way}), it is adopted`, async (context) => {
    if (!suite().isAt(context, 'workload')) return;
    const { helm, cluster, results, api, recorder, release } = suite();
    await suite().settled(REJOIN_MS);
    const before = await database(suite());
    const revision = recorder.status?.epoch ?? 0;
    const left = await uninstall(suite());

    const pod = await new PodCreator(api, APP_NAMESPACE).create();
    assert.equal(pod.error, undefined, 'a labelled pod after the uninstall');
    assert.ok(!pod.injected);
    await cluster.takesWrites(30_000);
    assert.deepEqual(await database(suite()), before, 'the database was touched');

    const began = Date.now();
    await helm.install(suite().values({}), way);
    for (const absence of suite().absences) absence.to = Math.min(absence.to, Date.now());
    await release.ready('controller', READY_MS);
    await release.ready('webhook', READY_MS);
    await suite().settled(READY_MS);
    results.row(
      `installed again, ${way}: everything follows again after`,
      `${((Date.now() - began) / 1_000).toFixed(1)} s`,
    );
    assert.deepEqual(await database(suite()), before, 'the database was touched');
    await suite().moves('switchover', () => cluster.switchover());
    await suite().settled(REJOIN_MS);
    results.keep(`epoch before and after the reinstall, ${way}`, [revision, recorder.status?.epoch]);
    await release.noteGrants();
    assertNothingIsLeft(left);
  });
}

export function uninstallCase(suite: () => Suite): void {
  test('uninstalled at the end, nothing is left', async (context) => {
    if (!suite().isAt(context, 'workload')) return;
    await suite().settled(REJOIN_MS);
    const before = await database(suite());
    const left = await uninstall(suite());
    assert.deepEqual(await database(suite()), before, 'the database was touched');
    await suite().workload.delete();
    assertNothingIsLeft(left);
  });
}

interface Leftovers {
  readonly unexpected: readonly string[];
  readonly copies: readonly string[];
}

/** Takes the release away and looks at all that is in the cluster then. */
async function uninstall(suite: Suite): Promise<Leftovers> {
  const { helm, api, inventory: empty, results, kept, absences } = suite;
  const began = Date.now();
  absences.push({ from: began, to: Number.POSITIVE_INFINITY });
  await helm.uninstall();
  const seconds = ((Date.now() - began) / 1_000).toFixed(1);
  const left = added(empty, await inventory(api), [PRIMARY.namespace, APP_NAMESPACE, CLIENT_NAMESPACE]);
  const unexpected = left.filter((entry) => !kept.some((pattern) => pattern.test(entry)));
  const copies = (await api.metadata(CONFIG_MAPS)).filter(
    ({ labels }) => labels?.[LABELS.source] === RELEASE_NAMESPACE,
  );
  results.row(
    'helm uninstall',
    `${seconds} s`,
    `kept on purpose: ${left.length - unexpected.length} objects`,
  );
  results.keep('left after helm uninstall', left);
  return { unexpected, copies: copies.map(({ namespace, name }) => `${namespace}/${name}`) };
}

/** Asserted when all else is done, so that the cases that come next find what they need. */
function assertNothingIsLeft({ unexpected, copies }: Leftovers): void {
  assert.deepEqual(unexpected, [], 'left behind by the uninstall');
  assert.deepEqual(copies, [], 'copies of the status are left');
}

/** What must not change for a database to be untouched: the Cluster, its pods and how often they were started. */
async function database({ api, cluster }: Suite): Promise<unknown> {
  const { metadata, spec, status } = await cluster.primary();
  const { items } = await api.objects.list(PODS, { namespace: PRIMARY.namespace });
  const pods = items.map((pod) => ({
    name: pod.metadata.name,
    uid: pod.metadata.uid,
    restarts: restartsOf(pod),
  }));
  return { uid: metadata.uid, spec, primary: status?.currentPrimary, pods };
}

function restartsOf({ status }: object & { readonly status?: object }): number {
  const { containerStatuses = [] } = (status ?? {}) as {
    readonly containerStatuses?: readonly { readonly restartCount: number }[];
  };
  return containerStatuses.reduce((sum, { restartCount }) => sum + restartCount, 0);
}
