/** Several followers in one controller: what breaks one of them is nobody else's affair. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { StatusView } from '../../cli/status/view.ts';
import { configMapName, STATUS_CONFIGMAP } from '../../contract/names.ts';
import { loadConfig } from '../../controller/config.ts';
import { rightsOf } from '../../controller/rights.ts';
import { LEASES } from '../../kubernetes/resources.ts';
import { runCli } from '../support/cli.ts';
import { assertOneHistory, ConfigMapHistory } from '../support/config-map-history.ts';
import { startController } from '../support/controller-process.ts';
import { silentServer } from '../support/dns/harness.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { Mongod } from '../support/mongod.ts';
import { grant } from '../support/rbac.ts';
import { createNamespace } from '../support/seed.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { createGround, createPods, type Ground, type Place, podAt } from '../support/triggers/harness.ts';

const plane = await sharedControlPlane();

const NAMES = ['default', 'no-answer', 'no-member', 'no-provider', 'no-rights'] as const;
type Name = (typeof NAMES)[number];

/** The watch tells of a move at once; a follower that waited for another one would take seconds. */
const AT_ONCE_MS = 3_000;
const MOVES: readonly Place[] = ['west', 'south', 'east', 'west', 'south', 'west'];

test('a follower that hangs, cannot reach its provider, or may not look, delays no other', async (t) => {
  const ground = await createGround(t, plane);
  const { own } = ground;
  await createPods(ground);
  const forbidden = await createNamespace(plane, 'forbidden');
  const text = JSON.stringify({ followers: await followers(t, ground, forbidden) });
  const loaded = loadConfig({ CONFIG_FILE: 'x' }, () => text);
  assert.ok(loaded.ok);
  const user = { name: `controller-of-${own}` };
  const rights = loaded.value.followers
    .flatMap((follower) => rightsOf(follower, { namespace: own, configMapName: STATUS_CONFIGMAP }))
    .filter(({ namespace }) => namespace !== forbidden);
  await grant(plane, { user, rights });
  const proxy = await startFaultProxy(plane);
  t.after(() => proxy.stop());
  const heal = proxy.inject({ verbs: ['get'], resource: 'leases', name: 'no-answer' }, { kind: 'hang' });
  const statuses = await watchStatuses(t, own);
  for (const name of ['default', 'no-answer', 'no-provider']) await hold(ground, name, 'east');

  const file = join(plane.folder, `${own}.yaml`);
  await writeFile(file, text);
  const controller = await startController({
    KUBECONFIG: await plane.kubeconfigFor(user, { server: proxy.url }),
    POD_NAMESPACE: own,
    CONFIG_FILE: file,
    RESYNC_SECONDS: '1',
  });
  t.after(() => controller.child.stop(10_000));
  const settled = (name: Name, site: Place, epoch: number, limitMs?: number) =>
    statuses[name].untilStatus(
      `${name} is settled at ${site}`,
      (now) => now.activeSite === site && now.epoch === epoch && now.phase === 'Settled',
      limitMs,
    );
  const held = (name: Name, what: RegExp) =>
    statuses[name].untilStatus(`${name} is held`, ({ reason }) => what.test(reason), 90_000);

  await settled('default', 'east', 1, 30_000);
  await settled('no-provider', 'east', 1, 30_000);
  await t.test('the others follow each move at once', async () => {
    for (const [moves, site] of MOVES.entries()) {
      await hold(ground, 'default', site);
      await hold(ground, 'no-provider', site);
      const epoch = moves + 2;
      await settled('default', site, epoch, AT_ONCE_MS);
      // Its records cannot be changed, but its status can.
      await settled('no-provider', site, epoch, AT_ONCE_MS);
    }
  });

  await t.test('each broken one says why, in a status of its own', async () => {
    await held('no-member', /^SourceUnreachable: no member of rs0 answers/);
    await held('no-rights', /^ApiError: .*forbidden/);
    await held('no-answer', /^ApiError: /);
    const sites = NAMES.map((name) => statuses[name].last?.status?.activeSite);
    assert.deepEqual(sites, ['west', '', '', 'west', '']);
  });

  await t.test('metrics, page, API and command line show all of them', async () => {
    for (const follower of NAMES) {
      const broken = ['no-answer', 'no-member', 'no-rights'].includes(follower);
      await controller.untilMetric('kube_site_follower_held', { follower }, broken ? 1 : 0);
    }
    await controller.child.waitUntil(
      'the failures of the provider are counted',
      async () =>
        (await controller.metric('kube_site_follower_signal_applications_total', {
          follower: 'no-provider',
          outcome: 'failed',
        })) > 0,
      60_000,
    );
    const page = await (await controller.get('/')).text();
    const { followers } = (await controller.json('/api/status')) as { followers: { name: string }[] };
    assert.deepEqual(
      followers.map(({ name }) => name),
      NAMES,
    );
    for (const name of NAMES) assert.ok(page.includes(name), `the page does not show ${name}`);
    const { code, out } = await runCli(['status', '-n', own, '-o', 'json'], { KUBECONFIG: plane.kubeconfig });
    const view = JSON.parse(out) as StatusView;
    assert.deepEqual(new Set(view.followers.map(({ name }) => name)), new Set(NAMES));
    assert.ok([0, 1, 2].includes(code));
    assert.equal((await controller.get('/healthz')).status, 200);
  });

  await t.test('one that answers again is followed, as if nothing had been', async () => {
    await hold(ground, 'no-answer', 'south');
    heal();
    await settled('no-answer', 'south', 1, 60_000);
    for (const { versions } of Object.values(statuses)) assertOneHistory(versions);
    assert.equal((await controller.child.stop()).code, 0);
  });
});

async function watchStatuses(t: TestContext, namespace: string): Promise<Record<Name, ConfigMapHistory>> {
  const started = NAMES.map(async (name) => {
    const key = { namespace, name: configMapName(STATUS_CONFIGMAP, name) };
    const status = await ConfigMapHistory.start(plane.api, key);
    t.after(() => status.stop());
    return [name, status] as const;
  });
  return Object.fromEntries(await Promise.all(started)) as Record<Name, ConfigMapHistory>;
}

async function followers(t: TestContext, { namespace, sites }: Ground, forbidden: string): Promise<object[]> {
  const member = new Mongod({ replicaSet: 'rs0' });
  const address = await member.start();
  member.hang();
  t.after(() => member.stop());
  const provider = `http://${await silentServer(t)}`;
  const lease = (name: string) => ({ kind: 'lease', namespace, name });
  const targets = sites.map((site, index) => ({ ...site, ip: `192.0.2.${index + 1}` }));
  const token = { apiToken: '0123456789abcdef0123456789abcdef01234567', apiUrl: provider };
  return [
    { sites, trigger: lease('default') },
    { name: 'no-answer', sites, trigger: lease('no-answer') },
    {
      name: 'no-member',
      sites,
      trigger: { kind: 'mongodb', source: 'hello', namespace, replicaSet: 'rs0', members: [address] },
    },
    {
      name: 'no-provider',
      sites: targets,
      trigger: lease('no-provider'),
      dns: { provider: 'cloudflare', records: ['app.example.com'], cloudflare: token },
    },
    { name: 'no-rights', sites, trigger: { ...lease('default'), namespace: forbidden } },
  ];
}

async function hold({ api, namespace }: Ground, name: string, place: Place): Promise<void> {
  const renewTime = new Date().toISOString().replace('Z', '000Z');
  const spec = { holderIdentity: podAt(place), leaseDurationSeconds: 3_600, renewTime };
  const there = (await api.list(LEASES, { namespace })).items.some(({ metadata }) => metadata.name === name);
  if (there) await api.patch(LEASES, { namespace, name }, { spec }, { type: 'merge' });
  else await api.create(LEASES, { metadata: { namespace, name }, spec });
}
