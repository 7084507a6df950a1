import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { ANNOTATIONS, DEFAULT_FOLLOWER, LABELS } from '../contract/names.ts';
import { siteLabel } from '../contract/routing.ts';
import { decodeStatus, type Status } from '../contract/status.ts';
import { NamecheapProvider } from '../dns/providers/namecheap/provider.ts';
import type { KubeApi, ListOptions } from '../kubernetes/api.ts';
import { CONFIG_MAPS, LEASES, PODS, SERVICES } from '../kubernetes/resources.ts';
import { OPS } from '../test/support/fake-cluster.ts';
import { FollowerScene, PG, REPORT_MAP, STATUS_MAP } from '../test/support/follower-scene.ts';
import { type Config, loadConfig } from './config.ts';
import { Controller } from './controller.ts';
import type { ControllerPorts } from './ports.ts';

const SITES = [
  { name: 'us', nodeName: 'us-1', ip: '192.0.2.1' },
  { name: 'eu', nodeName: 'eu-1', ip: '192.0.2.2' },
];
const LEASE = { namespace: 'app', name: 'leader' };
const DNS = {
  provider: 'namecheap',
  records: ['db.example.com'],
  namecheap: { apiUser: 'someone', apiKey: '0123456789abcdef', clientIp: '203.0.113.7' },
};

let kube: FollowerScene;
let stop: AbortController;
let ended: Promise<void>;

beforeEach(() => {
  kube = new FollowerScene();
  stop = new AbortController();
  for (const [name, nodeName] of [
    ['app-0', 'us-1'],
    ['app-1', 'eu-1'],
  ] as const) {
    kube.create(PODS, { metadata: { namespace: 'app', name }, spec: { nodeName } });
  }
  hold('app-0');
});

/** Two followers: `default` of the Cluster, and `app` of the Lease. */
function config(): Config {
  const file = {
    followers: [
      { sites: SITES, trigger: { namespace: PG.namespace, clusterName: PG.name } },
      { name: 'app', sites: SITES, trigger: { kind: 'lease', ...LEASE }, dns: DNS },
    ],
  };
  const loaded = loadConfig({ CONFIG_FILE: 'x.yaml', POD_NAMESPACE: OPS }, () => JSON.stringify(file));
  assert.ok(loaded.ok, JSON.stringify(loaded));
  return loaded.value;
}

function start(api: KubeApi = kube.api, ports: Partial<ControllerPorts> = {}): Controller {
  const controller = new Controller(config(), { ...kube.servicePorts(), api, ...ports });
  ended = controller.run(stop.signal);
  return controller;
}

async function end(): Promise<void> {
  stop.abort(new Error('the test ends'));
  await kube.clock.advance(60_000);
  await ended;
  assert.equal(kube.process.pending, 0, 'a timer was left');
}

/** This pod has renewed the Lease just now. */
function hold(pod: string): void {
  const now = new Date(kube.clock.now()).toISOString().replace('Z', '000Z');
  const spec = {
    holderIdentity: `${pod}_4711`,
    leaseDurationSeconds: 3600,
    renewTime: now,
    acquireTime: now,
  };
  if (kube.server.find(LEASES, LEASE) === undefined) kube.create(LEASES, { metadata: LEASE, spec });
  else kube.change(LEASES, { metadata: LEASE, spec });
}

function published(follower: string): Status | undefined {
  const name = follower === DEFAULT_FOLLOWER ? STATUS_MAP.name : `${STATUS_MAP.name}-${follower}`;
  return decodeStatus(kube.server.find(CONFIG_MAPS, { namespace: OPS, name })?.data);
}

const places = () => [published(DEFAULT_FOLLOWER)?.activeSite, published('app')?.activeSite];

describe('two followers', () => {
  test('have each a status, a report, Events and metrics of their own', async () => {
    const controller = start();
    await kube.clock.advance(2_000);
    assert.deepEqual(places(), ['us', 'us']);
    hold('app-1');
    await kube.clock.advance(2_000);
    assert.deepEqual(places(), ['us', 'eu']);
    assert.deepEqual([published(DEFAULT_FOLLOWER)?.epoch, published('app')?.epoch], [1, 2]);
    for (const name of [REPORT_MAP.name, `${REPORT_MAP.name}-app`]) {
      assert.ok(kube.server.find(CONFIG_MAPS, { namespace: OPS, name })?.data?.history, name);
    }
    const moved = kube.events().filter(({ note }) => note.startsWith('The active site moved from us to eu'));
    assert.deepEqual(
      moved.map(({ regarding }) => regarding.name),
      [`${STATUS_MAP.name}-app`],
    );
    assert.equal(await kube.metric('active_site{follower="app",site="eu"}'), 1);
    assert.equal(await kube.metric('active_site{follower="default",site="us"}'), 1);
    assert.deepEqual(
      controller.status().followers.map(({ name, status }) => [name, status?.activeSite]),
      [
        ['default', 'us'],
        ['app', 'eu'],
      ],
    );
    await end();
  });

  test('share what is kept of the pods behind Services: they are listed once', async () => {
    for (const follower of [DEFAULT_FOLLOWER, 'app']) {
      const labels = { [LABELS.follow]: 'true' };
      const annotations = { [ANNOTATIONS.follower]: follower };
      kube.create(SERVICES, {
        metadata: { namespace: 'app', name: follower, labels, annotations },
        spec: { selector: { app: 'web' } },
      });
    }
    kube.create(PODS, {
      metadata: { namespace: 'app', name: 'web', labels: { app: 'web' } },
      spec: { nodeName: 'us-1' },
    });
    const lists: string[] = [];
    start(withLists((plural, options) => lists.push(`${plural} ${options?.labelSelector ?? 'all'}`)));
    await kube.clock.advance(3_000);
    assert.deepEqual(kube.server.get(PODS, { namespace: 'app', name: 'web' }).metadata.labels, {
      app: 'web',
      [siteLabel(DEFAULT_FOLLOWER)]: 'us',
      [siteLabel('app')]: 'us',
    });
    assert.equal(lists.filter((list) => list === 'pods all').length, 1, lists.join());
    await end();
  });

  test('do not wait for each other when the source of one hangs', async () => {
    const never = new Promise<never>(() => undefined);
    const controller = start(withGet((plural) => (plural === 'clusters' ? never : undefined)));
    await kube.clock.advance(2_000);
    const before = kube.clock.now();
    hold('app-1');
    for (let waited = 0; places()[1] !== 'eu' && waited < 100; waited += 1) await kube.clock.advance(10);
    assert.ok(kube.clock.now() - before <= 200, `it took ${kube.clock.now() - before} ms`);
    await kube.clock.advance(10 * 60_000);
    assert.match(
      published(DEFAULT_FOLLOWER)?.reason ?? '',
      /^ApiError: what is followed gave no answer within/,
    );
    assert.equal(controller.health().ok, true, 'a restart would not help, and would disturb the other one');
    await end();
  });

  test('do not end each other by a defect: the one begins again, and that is told', async () => {
    let broken = true;
    const controller = start(kube.api, {
      createProvider: (_config, ports) => {
        if (broken) return Promise.reject(new TypeError('a defect'));
        return Promise.resolve(new NamecheapProvider({ ...ports, api: kube.zone }));
      },
    });
    await kube.clock.advance(60_000);
    assert.deepEqual(places(), ['us', undefined]);
    assert.deepEqual(controller.ready().reasons, ['follower app failed and restarts: a defect']);
    assert.ok(kube.logged('follower failed, restarting').length > 1);
    kube.moveTo('pg-2');
    await kube.clock.advance(1_000);
    assert.deepEqual(places(), ['eu', undefined]);
    broken = false;
    await kube.clock.advance(30_000);
    assert.deepEqual(places(), ['eu', 'us']);
    assert.equal(controller.ready().ok, true, controller.ready().reasons.join());
    await end();
  });
});

function withLists(onList: (plural: string, options: ListOptions | undefined) => unknown): KubeApi {
  const list: KubeApi['list'] = (resource, options) => {
    // Further pages belong to a list that has begun.
    if (options?.continue === undefined) onList(resource.plural, options);
    return kube.api.list(resource, options);
  };
  return withCalls({ list });
}

function withGet(answer: (plural: string, name: string) => Promise<never> | undefined): KubeApi {
  const get: KubeApi['get'] = async (resource, key, options) =>
    (await answer(resource.plural, key.name)) ?? kube.api.get(resource, key, options);
  return withCalls({ get });
}

function withCalls(own: Partial<Omit<KubeApi, 'restored'>>): KubeApi {
  return new Proxy(kube.api, {
    get: (target, name: keyof KubeApi) =>
      name === 'restored' ? undefined : (own[name] ?? target[name].bind(target)),
  });
}
