import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { decodeStatus, type Status } from '../../contract/status.ts';
import { CLUSTERS, type Cluster } from '../../controller/triggers/cnpg/cluster.ts';
import type { KubeApi, KubeObject, Resource } from '../../kubernetes/api.ts';
import { connect, type KubeConnection } from '../../kubernetes/client.ts';
import { systemClock } from '../../kubernetes/clock.ts';
import { loadKube } from '../../kubernetes/kube-config.ts';
import { Reflector } from '../../kubernetes/reflector.ts';
import { CONFIG_MAPS, type ConfigMap, NODES, PODS } from '../../kubernetes/resources.ts';

/** The label that tells the sites of a cluster apart. */
const ZONE_LABEL = 'topology.kubernetes.io/zone';
const PRIMARY_NAMESPACE = process.env.CNPG_NAMESPACE ?? 'postgres';
const PRIMARY_CLUSTER = process.env.CNPG_CLUSTER_NAME ?? 'pg-cluster';

/** A real cluster with a real CloudNativePG, and what the tests do to it. */
export class RealCluster {
  readonly kubeconfig: string;
  readonly api: KubeConnection;
  /** A command that takes `cut NODE` and `heal NODE`; undefined where sites cannot be cut off. */
  readonly #siteCommand: string | undefined;

  constructor(kubeconfig: string, siteCommand: string | undefined) {
    this.kubeconfig = kubeconfig;
    this.#siteCommand = siteCommand;
    this.api = connect({ kubeConfig: loadKube({ KUBECONFIG: kubeconfig }).kubeConfig, clock: systemClock });
  }

  get canCutSites(): boolean {
    return this.#siteCommand !== undefined;
  }

  /** Node names by site, as the nodes' zone label says. */
  async sites(): Promise<Map<string, string[]>> {
    const sites = new Map<string, string[]>();
    for (const { metadata } of (await this.api.list(NODES)).items) {
      const zone = metadata.labels?.[ZONE_LABEL];
      if (zone !== undefined) sites.set(zone, [...(sites.get(zone) ?? []), metadata.name]);
    }
    return sites;
  }

  primary(): Promise<Cluster> {
    return this.api.get(CLUSTERS, { namespace: PRIMARY_NAMESPACE, name: PRIMARY_CLUSTER });
  }

  /** Where the pod runs: its node, and the site that this node's own zone label tells. */
  async placeOf(pod: string): Promise<{ readonly node: string; readonly site: string }> {
    const { spec } = await this.api.get(PODS, { namespace: PRIMARY_NAMESPACE, name: pod });
    const node = spec?.nodeName ?? '';
    const { metadata } = await this.api.get(NODES, { name: node });
    return { node, site: metadata.labels?.[ZONE_LABEL] ?? '' };
  }

  /** Settled and complete: every instance is ready, and nothing is under way. */
  healthy(timeoutMs: number): Promise<Cluster> {
    return awaitObject(
      this.api,
      CLUSTERS,
      PRIMARY_NAMESPACE,
      PRIMARY_CLUSTER,
      timeoutMs,
      ({ spec, status }) => {
        const settled =
          status?.phase === 'Cluster in healthy state' && status.currentPrimary === status.targetPrimary;
        return settled && status.readyInstances === spec?.instances;
      },
    );
  }

  async switchover(): Promise<void> {
    const { status } = await this.primary();
    const target = status?.instancesStatus?.healthy?.find((name) => name !== status.currentPrimary);
    const key = { namespace: PRIMARY_NAMESPACE, name: PRIMARY_CLUSTER };
    const body = { status: { targetPrimary: target } };
    await this.api.patch(CLUSTERS, key, body, { type: 'merge', subresource: 'status' });
  }

  async killPrimary(): Promise<void> {
    const { status } = await this.primary();
    await this.api.delete(PODS, { namespace: PRIMARY_NAMESPACE, name: status?.currentPrimary ?? '' });
  }

  async site(action: 'cut' | 'heal', node: string): Promise<void> {
    const [program = '', ...args] = (this.#siteCommand ?? '').split(' ');
    await promisify(execFile)(program, [...args, action, node], { timeout: 60_000 });
  }

  /** The first status that `is` so. */
  async status(namespace: string, is: (status: Status) => boolean, timeoutMs: number): Promise<Status> {
    const name = 'kube-site-follower-status';
    const read = ({ data }: ConfigMap) => decodeStatus(data);
    const matches = (object: ConfigMap) => {
      const status = read(object);
      return status !== undefined && is(status);
    };
    const object = await awaitObject(this.api, CONFIG_MAPS, namespace, name, timeoutMs, matches);
    return read(object) as Status; // It matched.
  }
}

/** Watches one object until it `is` so. Rejects after `timeoutMs` with what it last was. */
async function awaitObject<T extends KubeObject>(
  api: KubeApi,
  resource: Resource<T>,
  namespace: string,
  name: string,
  timeoutMs: number,
  is: (object: T) => boolean,
): Promise<T> {
  const found = Promise.withResolvers<T>();
  const stop = new AbortController();
  let last: T | undefined;
  const reflector = new Reflector<T, T>({
    api,
    clock: systemClock,
    random: Math.random,
    resource,
    namespace,
    fieldSelector: `metadata.name=${name}`,
    keep: (object) => object,
    onChange: (_key, now) => {
      last = now;
      if (now !== undefined && is(now)) found.resolve(now);
    },
  });
  const timer = setTimeout(() => {
    const shown = JSON.stringify(
      last && 'data' in last ? last.data : last && 'status' in last ? last.status : last,
    );
    found.reject(
      new Error(
        `${resource.kind} ${namespace}/${name} did not become as awaited in ${timeoutMs} ms: ${shown}`,
      ),
    );
  }, timeoutMs);
  const running = reflector.run(stop.signal);
  try {
    return await found.promise;
  } finally {
    clearTimeout(timer);
    stop.abort();
    await running;
  }
}
