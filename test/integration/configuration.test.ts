import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PROGRAM } from '../../contract/names.ts';
import { CONFIG_MAPS, LEASES } from '../../kubernetes/resources.ts';
import { type Environment, spawnController } from '../support/controller-process.ts';
import { API_KEY, Registrar } from '../support/registrar.ts';
import { ADDRESSES, createScene, EAST, WEST } from '../support/scene.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';

const plane = await sharedControlPlane();

const SITES = [
  { name: EAST, nodeName: 'one', ip: '192.0.2.1' },
  { name: WEST, nodeName: 'two', ip: '192.0.2.2' },
];
const [FIRST, SECOND] = SITES;

interface Wrong {
  readonly what: string;
  readonly env: Environment;
  /** Each is a problem of its own, all told at once. */
  readonly told: readonly RegExp[];
}

const WRONG: readonly Wrong[] = [
  { what: 'no sites', env: {}, told: [/SITES/] },
  { what: 'sites that are no JSON', env: { SITES: '[{"name":' }, told: [/SITES.*JSON/i] },
  {
    what: 'two sites with one node, and an address that is none',
    env: { SITES: JSON.stringify([FIRST, { ...SECOND, nodeName: 'one', ip: '192.0.2.256' }]) },
    told: [/"one"/, /192\.0\.2\.256/],
  },
  {
    what: 'a record without a zone, an unknown provider, and numbers that are none',
    env: {
      SITES: JSON.stringify(SITES),
      DNS_RECORDS: 'intranet',
      DNS_PROVIDER: 'namecheep',
      RESYNC_SECONDS: 'often',
      HTTP_PORT: '99999',
      LEADER_ELECTION: 'perhaps',
    },
    told: [
      /DNS_RECORDS.*intranet/,
      /DNS_PROVIDER.*namecheep/,
      /RESYNC_SECONDS.*often/,
      /HTTP_PORT.*99999/,
      /LEADER_ELECTION/,
    ],
  },
  {
    what: 'a record without the key for its provider',
    env: { SITES: JSON.stringify(SITES), DNS_RECORDS: 'app.example.com' },
    told: [/NAMECHEAP_API_USER/, /NAMECHEAP_API_KEY/],
  },
  {
    what: 'a misspelt variable, and the secret in the wrong places',
    env: {
      SITES: `[{"name":"${API_KEY}"`,
      DNS_RECORDS: 'app.example.com',
      NAMECHEAP_API_USER: 'user',
      NAMECHEAP_API_KEY: API_KEY,
      NAMECHEAP_API_URL: 'not an address',
      NAMECHEAP_API_KEI: API_KEY,
    },
    told: [/SITES/, /NAMECHEAP_API_URL/, /NAMECHEAP_API_KEI/],
  },
];

describe('a wrong configuration', { concurrency: 3 }, () => {
  for (const { what, env, told } of WRONG) {
    test(`${what}: exit code 2, and everything that is wrong in one message`, async () => {
      const child = await spawnController(env);
      assert.deepEqual(await child.exited, { code: 2, signal: null });
      const text = child.lines.join('\n');
      for (const problem of told)
        assert.ok(
          child.lines.some((line) => problem.test(line)),
          `${problem} in:\n${text}`,
        );
      assert.deepEqual(child.records, [], 'a human reads this, so it is no JSON');
      assert.doesNotMatch(text, /\bat .*:\d+:\d+/, 'no stack');
    });
  }

  test('the key is not printed, neither when it is right nor beside what is wrong', async (t) => {
    const scene = await createScene(t, plane);
    const registrar = await Registrar.start(t, ADDRESSES[WEST]);
    const wrong = await spawnController({ ...registrar.environment, SITES: '[]', NAMECHEAP_CLIENT_IP: 'x' });
    assert.equal((await wrong.exited).code, 2);
    assert.ok(wrong.lines.some((line) => line.includes('NAMECHEAP_CLIENT_IP')));

    registrar.fake.misbehave('getHosts', {
      kind: 'error',
      number: '1011102',
      text: `API Key ${API_KEY} is invalid`,
    });
    const right = await scene.startAndSettle({ ...registrar.environment, LOG_LEVEL: 'trace' });
    await scene.event('DnsFailed');
    const shown = await Promise.all(
      ['/api/status', '/metrics'].map(async (path) => (await right.get(path)).text()),
    );
    const { exit } = right.child;
    assert.equal(exit, undefined);
    await right.child.stop();
    const events = JSON.stringify(await scene.events());
    const maps = JSON.stringify(await plane.api.list(CONFIG_MAPS, { namespace: scene.namespace }));
    for (const text of [...wrong.lines, ...right.child.lines, ...shown, events, maps]) {
      assert.ok(!text.includes(API_KEY), `the key is in: ${text}`);
    }
  });

  test('a kubeconfig that is not there, or a port that is taken: exit code 1, and what to do', async (t) => {
    const scene = await createScene(t, plane);
    const environment = await scene.environment();
    const none = await spawnController({ ...environment, KUBECONFIG: '/nowhere/kubeconfig' });
    assert.equal((await none.exited).code, 1);
    assert.ok(none.lines.at(-1)?.includes('/nowhere/kubeconfig'), none.lines.at(-1));
    const running = await scene.start();
    const second = await spawnController({ ...environment, HTTP_PORT: new URL(running.url).port });
    assert.equal((await second.exited).code, 1);
    assert.match(second.lines.at(-1) ?? '', /HTTP_PORT/);
  });
});

test('a dry run decides and says so, and publishes nothing at all', async (t) => {
  const scene = await createScene(t, plane);
  const registrar = await Registrar.start(t, ADDRESSES[WEST]);
  const controller = await scene.start({ ...registrar.environment, DRY_RUN: 'true', RESYNC_SECONDS: '1' });
  const decided = (site: string) =>
    controller.child.waitForLog((line) => line.msg === 'active site changed' && line.site === site, 20_000);
  await decided(EAST);
  await scene.moveTo(WEST);
  await decided(WEST);
  await scene.cluster.setStatus({ currentPrimary: 'pending', targetPrimary: 'pending' });
  await controller.child.waitForLog(({ msg }) => msg === 'holding the last site', 20_000);
  await controller.child.stop();
  const { namespace } = scene;
  assert.deepEqual([scene.status.versions, scene.report.versions], [[], []]);
  const maps = (await plane.api.list(CONFIG_MAPS, { namespace })).items.map(({ metadata }) => metadata.name);
  assert.deepEqual(maps, ['kube-root-ca.crt']);
  const leases = (await plane.api.list(LEASES, { namespace })).items;
  assert.ok(!leases.some(({ metadata }) => metadata.name === PROGRAM));
  assert.deepEqual([await scene.events(), registrar.fake.calls], [[], []]);
});
