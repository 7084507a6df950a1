/** Sites of a topology on one control plane, that share nothing but a zone in a real name server. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { REPORT_CONFIGMAP, STATUS_CONFIGMAP } from '../../contract/names.ts';
import type { Status } from '../../contract/status.ts';
import type { ShownView } from '../../controller/peers/peers.ts';
import type { PeerView } from '../../controller/peers/side.ts';
import { type CnpgCluster, createCnpgCluster } from './cnpg.ts';
import { ConfigMapHistory } from './config-map-history.ts';
import type { ControlPlaneAccess } from './control-plane-access.ts';
import { type ControllerProcess, startController } from './controller-process.ts';
import { KEY_NAME, type NameServer, startBind } from './dns/name-servers.ts';
import { freePort } from './ports.ts';
import { createNamespace, createNodes } from './seed.ts';

const TOPOLOGY_ZONE = 'topology.test';
const TOPOLOGY_RECORD = `app.${TOPOLOGY_ZONE}`;
const CLAIM = `_default._site-follower.${TOPOLOGY_ZONE}`;
export const TOPOLOGY_ADDRESSES = { east: '192.0.2.1', west: '192.0.2.2', south: '192.0.2.3' };
export type Place = keyof typeof TOPOLOGY_ADDRESSES;
/** Looks at the zone come every 30 s. */
export const TOPOLOGY_LIMIT_MS = 60_000;

/** One site of a topology: a Cluster, a namespace and a real controller of its own. What its operator does is told by the test. */
export class TopologySide {
  readonly place: Place;
  readonly namespace: string;
  readonly #cluster: CnpgCluster;
  readonly #start: () => Promise<ControllerProcess>;
  readonly status: ConfigMapHistory;
  readonly report: ConfigMapHistory;
  #controller: ControllerProcess | undefined;

  constructor(
    place: Place,
    cluster: CnpgCluster,
    { status, report }: Pick<TopologySide, 'status' | 'report'>,
    start: () => Promise<ControllerProcess>,
  ) {
    this.place = place;
    this.#cluster = cluster;
    this.namespace = cluster.namespace;
    this.status = status;
    this.report = report;
    this.#start = start;
  }

  async start(): Promise<void> {
    this.#controller = await this.#start();
  }

  /** As a kubelet ends it. */
  async stop(): Promise<void> {
    await this.#controller?.stop();
    this.#controller = undefined;
  }

  /** What its page and `/api/status` show of the others. */
  async peers(): Promise<readonly PeerView[]> {
    const { peers = [] } = ((await this.#controller?.json('/api/status')) ?? {}) as ShownView;
    return peers;
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

  name(primary: Place, promotionToken = '', source = 'other'): Promise<unknown> {
    return this.#cluster.setReplica({
      primary: `pg-${primary}`,
      source,
      self: `pg-${this.place}`,
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
    return this.status.untilStatus(`${this.place}: ${what}`, matches, TOPOLOGY_LIMIT_MS);
  }

  activeAt(place: Place): Promise<Status> {
    return this.until(
      `${place} is active`,
      ({ activeSite, phase }) => activeSite === place && phase === 'Settled',
    );
  }
}

interface TopologySidesOptions {
  readonly plane: ControlPlaneAccess;
  readonly server: NameServer;
  readonly node: string;
}

/** Sites on one node, a BIND, and what it answers. */
export async function topologyScene<P extends Place>(
  t: TestContext,
  plane: ControlPlaneAccess,
  places: readonly P[],
) {
  const server = await startBind(t, {
    zone: TOPOLOGY_ZONE,
    records: '',
    algorithm: 'hmac-sha256',
    types: 'A AAAA CNAME TXT',
  });
  const node = `topology-${places.length}-${process.pid}`;
  await createNodes(plane.api, [{ name: node }]);
  const address = () => server.resolver.resolve4(TOPOLOGY_RECORD).catch(() => []);
  return {
    sides: await topologySides(t, places, { plane, server, node }),
    server,
    address,
    claimOf: async () => /owner=(\S+);/.exec((await server.resolver.resolveTxt(CLAIM)).join())?.[1],
    pointsTo: (place: Place) =>
      server.process.waitUntil(
        `${TOPOLOGY_RECORD} points to ${place}`,
        async () => (await address()).join() === TOPOLOGY_ADDRESSES[place],
        TOPOLOGY_LIMIT_MS,
      ),
  };
}

/** None of the controllers runs yet. Each knows all of the others as its peers. */
async function topologySides<P extends Place>(
  t: TestContext,
  places: readonly P[],
  options: TopologySidesOptions,
): Promise<Readonly<Record<P, TopologySide>>> {
  const pages = await Promise.all(places.map(async (place) => ({ place, port: await freePort() })));
  const sides = await Promise.all(
    pages.map(async ({ place, port }) => {
      const peers = pages
        .filter((page) => page.place !== place)
        .map((page) => ({ site: page.place, url: `http://127.0.0.1:${page.port}` }));
      return [place, await side(t, place, { ...options, places, port, peers })] as const;
    }),
  );
  return Object.fromEntries(sides) as Record<P, TopologySide>;
}

interface SideOptions extends TopologySidesOptions {
  readonly places: readonly Place[];
  readonly port: number;
  readonly peers: readonly object[];
}

async function side(
  t: TestContext,
  place: Place,
  { plane, server, node, places, port, peers }: SideOptions,
): Promise<TopologySide> {
  const namespace = await createNamespace(plane, place);
  const cluster = await createCnpgCluster({ api: plane.api, namespace, name: 'db', nodes: [node] });
  const [status, report] = await Promise.all(
    [STATUS_CONFIGMAP, REPORT_CONFIGMAP].map((name) =>
      ConfigMapHistory.start(plane.api, { namespace, name }),
    ),
  );
  if (status === undefined || report === undefined) throw new Error('there are two');
  t.after(() => {
    status.stop();
    report.stop();
  });
  const file = join(plane.folder, `${namespace}.yaml`);
  const sites = places.map((name) => ({ name, cluster: `pg-${name}`, ip: TOPOLOGY_ADDRESSES[name] }));
  const trigger = { kind: 'cnpg-topology', namespace, clusterName: 'db', self: `pg-${place}` };
  const rfc2136 = {
    server: `127.0.0.1:${server.port}`,
    tsigName: KEY_NAME,
    tsigSecret: server.secret,
    tsigAlgorithm: 'hmac-sha256',
  };
  const dns = { provider: 'rfc2136', records: [`${TOPOLOGY_RECORD}@${TOPOLOGY_ZONE}`], rfc2136 };
  await writeFile(file, JSON.stringify({ followers: [{ sites, trigger, dns }], peers }));
  const made = new TopologySide(place, cluster, { status, report }, () =>
    startController({
      KUBECONFIG: plane.kubeconfig,
      POD_NAMESPACE: namespace,
      CONFIG_FILE: file,
      RESYNC_SECONDS: '1',
      HTTP_PORT: String(port),
    }),
  );
  t.after(() => made.kill());
  return made;
}
