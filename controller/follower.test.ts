import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { CLUSTERS } from '../cnpg/cluster.ts';
import type { Transition } from '../contract/history.ts';
import { decodeStatus, type Status } from '../contract/status.ts';
import { KubeError } from '../kubernetes/errors.ts';
import { CONFIG_MAPS, type ConfigMap, NAMESPACES, NODES, SERVICES } from '../kubernetes/resources.ts';
import { TestLeadership } from '../test/support/fake-cluster.ts';
import { FollowerScene, PG, REPORT_MAP, STATUS_MAP, serviceConfig } from '../test/support/follower-scene.ts';
import { settlesWithin } from '../test/support/virtual-clock.ts';
import { type Config, loadConfig } from './config.ts';
import { runFollower } from './follower.ts';
import { sharedParts } from './signals/shared-parts.ts';
import { LastPublished } from './status/last-published.ts';
import { ConnectionBudget } from './warm-connections.ts';

let kube: FollowerScene;
let leadership: TestLeadership;
let passes: number;

beforeEach(() => {
  kube = new FollowerScene();
  leadership = new TestLeadership();
  passes = 0;
});

afterEach(async () => {
  leadership.end();
  await kube.clock.advance(30_000);
  assert.equal(kube.process.pending, 0, 'a timer was left');
});

function start(config: Config = serviceConfig()): Promise<void> {
  const [follower] = config.followers;
  const ports = kube.servicePorts();
  const options = {
    follower,
    config,
    ports: {
      ...ports,
      ...sharedParts(ports, [follower.name]),
      connectionBudget: new ConnectionBudget(kube.process),
    },
    lastPublished: new LastPublished(kube.process),
    onReconciled: () => {
      passes += 1;
    },
  };
  return runFollower(options, leadership);
}

const soon = () => kube.clock.advance(1_500);

function status(): Status | undefined {
  return decodeStatus(kube.server.find<ConfigMap>(CONFIG_MAPS, STATUS_MAP)?.data);
}

function place(): string {
  const { activeSite, activeNode, primary, phase, epoch } = status() ?? {};
  return `${activeSite} ${activeNode} ${primary} ${phase} ${epoch}`;
}

function transitions(): Transition[] {
  const text = kube.server.find<ConfigMap>(CONFIG_MAPS, REPORT_MAP)?.data?.history ?? '[]';
  return JSON.parse(text) as Transition[];
}

function history(): string[] {
  return transitions().map(({ epoch, from, to }) => `${epoch}: ${from || '-'} > ${to}`);
}

const events = () => kube.events().map(({ reason }) => reason);

describe('a followed service', () => {
  test('leaves to the next leader all that it knows, when it is to end right after a move', async () => {
    const running = start();
    await soon();
    kube.moveTo('pg-2');
    await kube.clock.advance(50);
    assert.equal(place(), 'eu eu-1 pg-2 Settled 2');
    assert.deepEqual(history(), ['1: - > us'], 'the report is not written yet');
    leadership.giveUp();
    await kube.clock.advance(1_000);
    await running;
    assert.deepEqual(history(), ['1: - > us', '2: us > eu']);
  });

  test('has its status, its history, its Events and its metrics', async () => {
    void start();
    await soon();
    assert.equal(place(), 'us us-1 pg-1 Settled 1');
    kube.moveTo('pg-2');
    await soon();
    assert.equal(place(), 'eu eu-1 pg-2 Settled 2');
    assert.deepEqual(history(), ['1: - > us', '2: us > eu']);
    assert.deepEqual(events(), ['SiteChanged', 'SiteChanged']);
    assert.equal(await kube.metric('epoch{follower="default"}'), 2);
    assert.equal(await kube.metric('active_site{follower="default",site="eu"}'), 1);
    assert.equal(await kube.metric('active_site{follower="default",site="us"}'), 0);
  });

  test('is followed within a tenth of a second by its watches', async () => {
    void start();
    await soon();
    kube.moveTo('pg-2');
    await kube.clock.advance(100);
    assert.equal(place(), 'eu eu-1 pg-2 Settled 2');
  });

  test('is followed within its period when every watch has failed', async () => {
    kube.judge = ({ verb }) => (verb === 'watch' ? 'refused' : undefined);
    void start();
    await soon();
    kube.moveTo('pg-2');
    await kube.clock.advance(10_100);
    assert.equal(place(), 'eu eu-1 pg-2 Settled 2');
  });

  test('holds and says so, and tells the end of it', async () => {
    void start();
    await soon();
    kube.change(CLUSTERS, { metadata: PG, status: { currentPrimary: '', targetPrimary: '' } });
    await soon();
    assert.equal(place(), 'us us-1 pg-1 Held 1');
    assert.equal(await kube.metric('held{follower="default",reason="PrimaryEmpty"}'), 1);
    kube.moveTo('pg-1');
    await soon();
    assert.deepEqual(events(), ['SiteChanged', 'PrimaryUnknown', 'PrimaryFound']);
    assert.deepEqual(history(), ['1: - > us']);
  });

  test('costs little while its operator cannot make up its mind', async () => {
    kube.change(NAMESPACES, { metadata: { name: 'app', labels: { 'site-follower/status': 'true' } } });
    void start();
    await kube.clock.advance(5_000);
    kube.calls.length = 0;
    const flips = 40;
    for (let flip = 0; flip < flips; flip += 1) {
      const targetPrimary = flip % 2 === 0 ? 'pending' : 'pg-1';
      kube.change(CLUSTERS, { metadata: PG, status: { targetPrimary, phase: `phase ${flip}` } });
      await kube.clock.advance(500);
    }
    const written = kube.count(`replace configmaps app/${STATUS_MAP.name}`);
    assert.ok(written >= 18 && written <= 22, `${written} writes of a copy in 20 seconds`);
    // One look for each change, one each period, and the connections for a move opened twice.
    const looks = kube.count('get clusters');
    assert.ok(looks >= flips && looks <= flips + 3, `${looks} looks`);
    const reads = kube.count('get configmaps');
    assert.ok(reads <= looks + 2 * 12 + 2, `${reads} reads of ConfigMaps`);

    kube.calls.length = 0;
    for (let flip = 0; flip < flips; flip += 1) {
      kube.change(CLUSTERS, { metadata: PG, status: { phase: `another ${flip}` } });
      await kube.clock.advance(100);
    }
    assert.ok(kube.count('get clusters') <= 1, 'a phase decides nothing');
  });

  test('has copies of its status where they are wanted', async () => {
    kube.change(NAMESPACES, { metadata: { name: 'app', labels: { 'site-follower/status': 'true' } } });
    void start();
    await soon();
    kube.moveTo('pg-2');
    await soon();
    const copy = kube.server.get<ConfigMap>(CONFIG_MAPS, { ...STATUS_MAP, namespace: 'app' });
    assert.deepEqual(decodeStatus(copy.data), status());
  });

  test('has its Services routed before anything else takes the processors from that', async () => {
    kube.change(NAMESPACES, { metadata: { name: 'app', labels: { 'site-follower/status': 'true' } } });
    const [name, labels] = ['web', { 'site-follower/follow': 'true' }];
    kube.create(SERVICES, {
      metadata: { namespace: 'app', name, labels },
      spec: { selector: { app: name } },
    });
    void start();
    await soon();
    const calledAt = new Map<string, number>();
    kube.judge = ({ verb, resource, key }) => {
      calledAt.set(`${verb} ${resource.plural} ${key.namespace}`, kube.clock.now());
      return undefined;
    };
    kube.moveTo('pg-2');
    await soon();
    const [service = Number.NaN, copy = Number.NaN] = [
      calledAt.get('patch services app'),
      calledAt.get('replace configmaps app'),
    ];
    assert.ok(copy - service >= 15, `Service ${service}, copy ${copy}: ${[...calledAt.keys()].join(', ')}`);
  });

  test('has no status again without its nodes, when it was lost while they cannot be listed', async () => {
    const sites = ['us', 'eu'].map((name) => ({ name, nodeSelector: `zone=${name}`, ip: '192.0.2.1' }));
    for (const zone of ['us', 'eu']) {
      kube.change(NODES, { metadata: { name: `${zone}-1`, labels: { zone } } });
    }
    kube.judge = ({ verb, resource }) =>
      verb === 'list' && resource === NODES
        ? new KubeError('busy', { status: 429, reason: 'TooManyRequests' })
        : undefined;
    void start(serviceConfig({ SITES: JSON.stringify(sites) }));
    await kube.clock.advance(20_000);
    assert.equal(status(), undefined);
    assert.match(events().join(), /StatusNotWritten/);
    kube.judge = () => undefined;
    await kube.clock.advance(30_000);
    assert.deepEqual(status()?.sites, { us: ['us-1'], eu: ['eu-1'] });
  });

  test('has its records in DNS, beside those of others', async () => {
    const credentials = { NAMECHEAP_API_USER: 'u', NAMECHEAP_API_KEY: 'k', NAMECHEAP_CLIENT_IP: '192.0.2.9' };
    void start(serviceConfig({ DNS_RECORDS: 'db.example.com', ...credentials }));
    await kube.clock.advance(15_000);
    kube.moveTo('pg-2');
    await kube.clock.advance(15_000);
    assert.deepEqual(kube.zone.addresses, { db: '192.0.2.2', www: '192.0.2.99' });
    const { dns = '' } = kube.server.get<ConfigMap>(CONFIG_MAPS, REPORT_MAP).data ?? {};
    assert.match(dns, /"accepted":\{"values":\["192\.0\.2\.2"\]/);
  });

  test('is moved to its preferred node, once', async () => {
    void start(serviceConfig({ PREFERRED_PRIMARY_NODE: 'eu-1' }));
    await soon();
    assert.equal(kube.server.get(CLUSTERS, PG).status?.targetPrimary, 'pg-2');
    assert.equal(place(), 'us us-1 pg-1 Transitioning 1');
    kube.moveTo('pg-2');
    await kube.clock.advance(60_000);
    assert.equal(place(), 'eu eu-1 pg-2 Settled 2');
    assert.equal(kube.count('patch clusters'), 1);
    assert.deepEqual(
      events().filter((reason) => reason.startsWith('Preferred')),
      ['PreferredPrimaryRequested', 'PreferredPrimaryReached'],
    );
  });

  test('has sites by labels, and follows nodes that change theirs', async () => {
    const sites = [
      { name: 'us', nodeName: 'us-1' },
      { name: 'moon', nodeSelector: 'region=moon' },
    ];
    kube.change(NODES, { metadata: { name: 'moon-1', labels: { region: 'earth' } } });
    void start(serviceConfig({ SITES: JSON.stringify(sites) }));
    await soon();
    kube.createPod('pg-3', 'moon-1');
    kube.moveTo('pg-3');
    await soon();
    assert.equal(place(), 'us us-1 pg-1 Held 1');
    kube.change(NODES, { metadata: { name: 'moon-1', labels: { region: 'moon' } } });
    await soon();
    assert.equal(place(), 'moon moon-1 pg-3 Settled 2');
    assert.deepEqual(status()?.sites, { us: ['us-1'], moon: ['moon-1'] });
  });

  test('in a dry run is looked at, and nothing is written anywhere', async () => {
    kube.change(NAMESPACES, { metadata: { name: 'app', labels: { 'site-follower/status': 'true' } } });
    const written = kube.changes.length;
    void start(serviceConfig({ DRY_RUN: 'true', PREFERRED_PRIMARY_NODE: 'eu-1' }));
    await soon();
    kube.moveTo('pg-2');
    await kube.clock.advance(120_000);
    assert.equal(kube.changes.length - written, 1, 'the move itself');
    assert.equal(kube.logged('active site changed').at(-1)?.site, 'eu');
  });

  test('of a topology writes nothing in a dry run either', async () => {
    const sites = [
      { name: 'us', cluster: PG.name, ip: '192.0.2.1' },
      { name: 'eu', cluster: 'pg-eu', ip: '192.0.2.2' },
    ];
    const trigger = { kind: 'cnpg-topology', namespace: PG.namespace, clusterName: PG.name };
    const file = JSON.stringify({ followers: [{ sites, trigger }] });
    const env = { POD_NAMESPACE: REPORT_MAP.namespace, DRY_RUN: 'true', CONFIG_FILE: 'file.yaml' };
    const loaded = loadConfig(env, () => file);
    assert.ok(loaded.ok);
    kube.change(CLUSTERS, { metadata: PG, spec: { replica: { primary: PG.name, source: 'pg-eu' } } });
    const written = kube.changes.length;
    void start(loaded.value);
    await kube.clock.advance(120_000);
    assert.equal(kube.changes.length, written);
    assert.equal(kube.logged('active site changed').at(-1)?.site, 'us');
  });
});

describe('the history', () => {
  test('gets what its leader could not write before it died', async () => {
    void start();
    await soon();
    kube.judge = ({ verb, key }) =>
      verb === 'replace' && key.name === REPORT_MAP.name ? 'refused' : undefined;
    kube.moveTo('pg-2');
    await soon();
    leadership.end();
    await soon();
    assert.deepEqual(history(), ['1: - > us']);
    kube.judge = () => undefined;
    leadership = new TestLeadership(2);
    void start();
    await soon();
    assert.deepEqual(history(), ['1: - > us', '2: us > eu']);
    assert.deepEqual(events(), ['SiteChanged', 'SiteChanged']);
    const { movedAt, writtenAt } = transitions()[1] ?? {};
    assert.deepEqual([movedAt, writtenAt], ['', status()?.since], 'when it moved is not known any more');
  });

  test('keeps the epoch from going back when everything else was deleted', async () => {
    void start();
    await soon();
    kube.moveTo('pg-2');
    await soon();
    leadership.end();
    await soon();
    kube.server.delete('test', CONFIG_MAPS, STATUS_MAP, {});
    leadership = new TestLeadership(2);
    kube.moveTo('pg-1');
    void start();
    await soon();
    assert.equal(place(), 'us us-1 pg-1 Settled 3');
    assert.deepEqual(history().at(-1), '3: eu > us');
  });
});

describe('a follower that cannot begin', () => {
  test('waits for the API, and shows that it lives', async () => {
    kube.judge = () => 'server error';
    void start();
    await kube.clock.advance(60_000);
    assert.ok(passes >= 5, `${passes} signs of life in a minute`);
    kube.judge = () => undefined;
    await kube.clock.advance(12_000);
    assert.equal(place(), 'us us-1 pg-1 Settled 1');
  });

  test('ends with the leadership meanwhile', async () => {
    kube.judge = () => 'server error';
    const running = start();
    await kube.clock.advance(5_000);
    leadership.end();
    assert.ok(await settlesWithin(kube.clock, 1_000, running));
  });
});

test('ends when it was deposed, all of it', async () => {
  const running = start();
  await soon();
  leadership.held = false;
  leadership.confirmable = false;
  kube.change(CONFIG_MAPS, { metadata: { ...STATUS_MAP, annotations: { 'site-follower/term': '9' } } });
  assert.ok(await settlesWithin(kube.clock, 12_000, running));
  assert.equal(kube.process.pending, 0, 'a timer was left');
});
