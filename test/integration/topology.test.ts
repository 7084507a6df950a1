/** Two sites, each with a Cluster, a namespace and a controller of its own, that share nothing but a zone in a real BIND. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { STATUS_CONFIGMAP } from '../../contract/names.ts';
import type { Status } from '../../contract/status.ts';
import { type CnpgCluster, createCnpgCluster } from '../support/cnpg.ts';
import { ConfigMapHistory } from '../support/config-map-history.ts';
import { type ControllerProcess, startController } from '../support/controller-process.ts';
import { KEY_NAME, type NameServer, startBind } from '../support/dns/name-servers.ts';
import { createNamespace, createNodes } from '../support/seed.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';

const plane = await sharedControlPlane();
const ZONE = 'topology.test';
const NAME = `app.${ZONE}`;
const CLAIM = `_default._site-follower.${ZONE}`;
const ADDRESSES = { east: '192.0.2.1', west: '192.0.2.2' };
/** Looks at the zone come every 30 s. */
const LIMIT_MS = 60_000;
type Place = keyof typeof ADDRESSES;

const SITES = (['east', 'west'] as const).map((name) => ({
  name,
  cluster: `pg-${name}`,
  ip: ADDRESSES[name],
}));

class Side {
  readonly #place: Place;
  readonly #cluster: CnpgCluster;
  readonly #start: () => Promise<ControllerProcess>;
  readonly status: ConfigMapHistory;
  #controller: ControllerProcess | undefined;

  constructor(
    place: Place,
    cluster: CnpgCluster,
    status: ConfigMapHistory,
    start: () => Promise<ControllerProcess>,
  ) {
    this.#place = place;
    this.#cluster = cluster;
    this.status = status;
    this.#start = start;
  }

  async start(): Promise<void> {
    this.#controller = await this.#start();
  }

  /** Without a word, as when the region is lost. */
  async kill(): Promise<void> {
    await this.#controller?.child.stop(0);
    this.#controller = undefined;
  }

  /** As when its own operator fails over, which others do not see. */
  reachTimeline(timelineID: number): Promise<unknown> {
    return this.#cluster.setStatus({ timelineID });
  }

  name(primary: Place, promotionToken = ''): Promise<unknown> {
    return this.#cluster.setReplica({
      primary: `pg-${primary}`,
      source: 'other',
      self: `pg-${this.#place}`,
      promotionToken,
    });
  }

  /** As the operator says it at the end. */
  async promoted(timelineID: number, token = ''): Promise<void> {
    const instance = this.#cluster.instance(0);
    await this.#cluster.setStatus({
      timelineID,
      lastPromotionToken: token,
      instancesReportedState: { [instance]: { isPrimary: true, timeLineID: timelineID } },
    });
  }

  async demoted(): Promise<void> {
    const instance = this.#cluster.instance(0);
    await this.#cluster.setStatus({
      instancesReportedState: { [instance]: { isPrimary: false } },
      conditions: [
        {
          type: 'ReplicaClusterSwitch',
          status: 'True',
          reason: 'ReplicaEnabledSetTrue',
          message: '',
          lastTransitionTime: new Date().toISOString(),
        },
      ],
    });
  }

  until(what: string, matches: (status: Status) => boolean): Promise<Status> {
    return this.status.untilStatus(`${this.#place}: ${what}`, matches, LIMIT_MS);
  }

  activeAt(place: Place): Promise<Status> {
    return this.until(
      `${place} is active`,
      ({ activeSite, phase }) => activeSite === place && phase === 'Settled',
    );
  }
}

async function side(t: TestContext, place: Place, server: NameServer, node: string): Promise<Side> {
  const namespace = await createNamespace(plane, place);
  const cluster = await createCnpgCluster({ api: plane.api, namespace, name: 'db', nodes: [node] });
  const status = await ConfigMapHistory.start(plane.api, { namespace, name: STATUS_CONFIGMAP });
  t.after(() => status.stop());
  const file = join(plane.folder, `${namespace}.yaml`);
  const self = `pg-${place}`;
  const trigger = { kind: 'cnpg-topology', namespace, clusterName: 'db', self };
  const dns = {
    provider: 'rfc2136',
    records: [`${NAME}@${ZONE}`],
    rfc2136: {
      server: `127.0.0.1:${server.port}`,
      tsigName: KEY_NAME,
      tsigSecret: server.secret,
      tsigAlgorithm: 'hmac-sha256',
    },
  };
  await writeFile(file, JSON.stringify({ followers: [{ sites: SITES, trigger, dns }] }));
  const made = new Side(place, cluster, status, () =>
    startController({
      KUBECONFIG: plane.kubeconfig,
      POD_NAMESPACE: namespace,
      CONFIG_FILE: file,
      RESYNC_SECONDS: '1',
    }),
  );
  t.after(() => made.kill());
  return made;
}

test('two Clusters of a topology', async (t) => {
  const server = await startBind(t, {
    zone: ZONE,
    records: '',
    algorithm: 'hmac-sha256',
    types: 'A AAAA CNAME TXT',
  });
  const node = `topology-${process.pid}`;
  await createNodes(plane.api, [{ name: node }]);
  const [east, west] = await Promise.all([side(t, 'east', server, node), side(t, 'west', server, node)]);
  const address = () => server.resolver.resolve4(NAME).catch(() => []);
  const claimOf = async () => /owner=(\S+);/.exec((await server.resolver.resolveTxt(CLAIM)).join())?.[1];
  const pointsTo = (place: Place) =>
    server.process.waitUntil(
      `${NAME} points to ${place}`,
      async () => (await address()).join() === ADDRESSES[place],
      LIMIT_MS,
    );

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
    assert.deepEqual(await address(), [ADDRESSES.east], 'nobody was promoted yet');
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
});
