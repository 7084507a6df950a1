/** One run on one cluster: what the cases share, in the order in which they are run. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { KubeObject } from '../../../kubernetes/api.ts';
import { ClusterApi } from './api.ts';
import { Clients } from './clients.ts';
import { isHealthy, PRIMARY, RealCluster } from './cluster.ts';
import { Floor } from './floor.ts';
import { Helm, RELEASE_NAMESPACE } from './helm.ts';
import { Incidents } from './incidents.ts';
import { FAILOVER_MS, REJOIN_MS } from './limits.ts';
import { Recorder } from './recorder.ts';
import { RECORD, Registrar } from './registrar.ts';
import { Release } from './release.ts';
import { Results } from './results.ts';
import type { Settings } from './settings.ts';
import { APP_NAMESPACE, WAY_NAMES, Workload } from './workload.ts';

/** What a later case builds on. */
export type Stage = 'installed' | 'labelled' | 'routed' | 'workload' | 'uninstalled';

export class Suite {
  readonly settings: Settings;
  readonly api: ClusterApi;
  readonly cluster: RealCluster;
  readonly helm: Helm;
  readonly release: Release;
  readonly results = new Results();
  /** Node names by site. */
  readonly sites: ReadonlyMap<string, readonly string[]>;
  readonly addresses: ReadonlyMap<string, string>;
  readonly workload: Workload;
  readonly recorder: Recorder;
  readonly clients: Clients;
  readonly incidents: Incidents;
  readonly floor: Floor;
  /** Undefined where pods do not reach this host. */
  readonly registrar: Registrar | undefined;
  /** Operator and database come with the chart, as the cluster has none. */
  bundled = false;
  /** What an uninstall leaves on purpose; see `inventory`. */
  readonly kept: readonly RegExp[] = [
    // Helm never deletes what it did not make: the namespace, and what Kubernetes itself puts into each.
    new RegExp(`^Namespace /${RELEASE_NAMESPACE}$`),
    new RegExp(`^ConfigMap ${RELEASE_NAMESPACE}/kube-root-ca\\.crt$`),
    new RegExp(`^ServiceAccount ${RELEASE_NAMESPACE}/default$`),
    // Without them the Clusters would go, and with those the data.
    /^CustomResourceDefinition\.apiextensions\.k8s\.io \/\w+\.postgresql\.cnpg\.io$/,
    /^APIService\.apiregistration\.k8s\.io \/\w+\.postgresql\.cnpg\.io$/,
    /^ClusterImageCatalog\.postgresql\.cnpg\.io /,
  ];
  /**
   * When the release was away, milliseconds since 1970. Its roles go before its processes have ended, and sidecars try
   * on without theirs.
   */
  readonly absences: { readonly from: number; to: number }[] = [];
  /** What was in the cluster before anything was installed. */
  inventory: ReadonlySet<string> = new Set();
  readonly #reached = new Set<Stage>();

  private constructor(
    settings: Settings,
    api: ClusterApi,
    cluster: RealCluster,
    sites: Map<string, string[]>,
    registrar: Registrar | undefined,
  ) {
    this.settings = settings;
    this.api = api;
    this.cluster = cluster;
    this.sites = sites;
    this.addresses = addressesOf(sites.keys());
    this.registrar = registrar;
    this.helm = new Helm(settings);
    this.release = new Release(api, cluster, this.helm);
    this.workload = new Workload(settings.image, api, cluster, sites.size);
    this.recorder = new Recorder({
      api: api.objects,
      namespace: RELEASE_NAMESPACE,
      primary: PRIMARY,
      app: { namespace: APP_NAMESPACE, podsInSite: this.podsInSite },
      sites,
      siteOf: async (instance) => (await cluster.placeOf(instance)).site,
    });
    this.clients = new Clients(this.workload, (node) => this.recorder.siteOfNode(node));
    this.incidents = new Incidents({
      sites,
      clients: this.clients,
      recorder: this.recorder,
      results: this.results,
      settled: (timeoutMs) => this.settled(timeoutMs),
    });
    this.floor = new Floor(this.workload, this.recorder);
  }

  static async open(settings: Settings): Promise<Suite> {
    const api = new ClusterApi(settings.kubeconfig);
    const cluster = new RealCluster(settings, api);
    const sites = await cluster.sites();
    assert.ok(sites.size >= 2, `nodes in two zones are needed, found: ${[...sites.keys()].join(', ')}`);
    const { hostAddress } = settings;
    const registrar =
      hostAddress === undefined ? undefined : await Registrar.start(hostAddress, addressesOf(sites.keys()));
    const suite = new Suite(settings, api, cluster, sites, registrar);
    registrar?.onChange((site) => suite.recorder.timeline.note('DNS', site, Date.now()));
    return suite;
  }

  get podsInSite(): number {
    return this.workload.replicas / this.sites.size;
  }

  reached(stage: Stage): void {
    this.#reached.add(stage);
  }

  /** False, and the test is skipped, when an earlier case that this one builds on did not come that far. */
  isAt(context: TestContext, ...stages: readonly Stage[]): boolean {
    const missing = stages.find((stage) => !this.#reached.has(stage));
    if (missing !== undefined) context.skip(`an earlier case did not get to: ${missing}`);
    return missing === undefined;
  }

  /** The values of the README, for this cluster. */
  values({ logLevel }: { readonly logLevel?: string }): object {
    const { image } = this.settings;
    const colon = image.lastIndexOf(':');
    const sites = Object.fromEntries(
      [...this.sites].map(([name, nodeNames]) => [name, { nodeNames, ip: this.addresses.get(name) }]),
    );
    const { registrar } = this;
    return {
      image: { repository: image.slice(0, colon), tag: image.slice(colon + 1), pullPolicy: 'IfNotPresent' },
      controller: {
        sites,
        watch: { namespace: PRIMARY.namespace, clusterName: PRIMARY.name },
        ...(registrar !== undefined && {
          dns: {
            provider: 'namecheap',
            records: [RECORD],
            namecheap: { apiUser: 'user', apiKey: 'key', clientIp: '127.0.0.1', apiUrl: registrar.url },
          },
        }),
      },
      ...(logLevel !== undefined && { logLevel }),
      ...(this.bundled && { cloudnativepg: { install: true }, postgres: { create: true } }),
    };
  }

  healthy(timeoutMs: number = REJOIN_MS): Promise<void> {
    const look = () =>
      this.recorder.cluster !== undefined && isHealthy(this.recorder.cluster) ? true : undefined;
    return this.recorder
      .until('every instance of the Cluster is there', look, timeoutMs)
      .then(() => undefined);
  }

  /** Status, Service and DNS say what the Cluster says. */
  async settled(timeoutMs: number): Promise<void> {
    await this.healthy(timeoutMs);
    const { recorder } = this;
    const site = await recorder.until(
      'status and Services name the site of the primary',
      () => {
        const { activeSite, status } = recorder;
        const told = status?.phase === 'Settled' && status.activeSite === activeSite;
        const routed = activeSite !== undefined && this.routesTo(activeSite);
        return told && routed ? activeSite : undefined;
      },
      60_000,
    );
    await this.registrar?.follows(site);
  }

  /** Every Service routes to all pods of the site, and to no others. */
  routesTo(site: string): boolean {
    return WAY_NAMES.every((way) => this.recorder.routesOnlyTo(way, site, this.podsInSite));
  }

  /** Causes one move and sees everything follow it. */
  async moves(event: string, cause: () => Promise<void>, limitMs: number = FAILOVER_MS): Promise<void> {
    const { recorder } = this;
    const count = recorder.moves.length;
    const epoch = recorder.status?.epoch ?? 0;
    recorder.event = event;
    await cause();
    const move = await recorder.until(`the primary moves: ${event}`, () => recorder.moves[count], limitMs);
    const followed = () => move.statusAt !== undefined && WAY_NAMES.every((way) => move.routedAt[way]);
    await recorder.until(`status and Services follow: ${event}`, () => followed() || undefined, 60_000);
    assert.equal(recorder.status?.epoch, epoch + 1, 'one move is one epoch');
    assert.equal(recorder.status?.activeSite, move.to);
  }

  /** What the release consists of, each in the version that it has now: nothing writes to them without a reason. */
  async objectsOfRelease(): Promise<readonly string[]> {
    const manifest = await this.helm.manifest();
    const { items } = JSON.parse(await this.cluster.kubectl(['get', '-f', '-', '-o', 'json'], manifest)) as {
      readonly items: readonly (KubeObject & { readonly status?: unknown })[];
    };
    return items.map(({ kind, metadata, status }) => {
      const { namespace = '', name, generation, resourceVersion } = metadata;
      // A status is written all the time; the generation counts changes of the rest.
      const version = status === undefined ? resourceVersion : `generation ${generation}`;
      return `${kind} ${namespace}/${name} ${version}`;
    });
  }

  standbySite(): string {
    const site = [...this.sites.keys()].find((one) => one !== this.recorder.activeSite);
    assert.ok(site !== undefined);
    return site;
  }

  /** Tells what was measured, whatever came of it, and lets go of the cluster. */
  async finish(): Promise<void> {
    await this.results.write({ helm: await this.helm.version() });
    await this.recorder.stop();
    await this.registrar?.stop();
    await this.api.close();
  }
}

/** From the block for documentation, RFC 5737. */
function addressesOf(sites: Iterable<string>): ReadonlyMap<string, string> {
  return new Map([...sites].map((site, index) => [site, `192.0.2.${10 * (index + 1)}`]));
}
