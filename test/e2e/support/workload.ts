/** What runs beside the chart: an application on both sites with its Service, clients, and the floor to compare with. */
import { ANNOTATIONS, LABELS } from '../../../contract/names.ts';
import { PODS, type Pod } from '../../../kubernetes/resources.ts';
import { until } from '../../support/until.ts';
import type { ClusterApi } from './api.ts';
import type { RealCluster } from './cluster.ts';
import { deployment, namespace, PORT, programs, service } from './manifests.ts';

export const APP_NAMESPACE = 'e2e-app';
export const CLIENT_NAMESPACE = 'e2e-client';

/** The ways to the active site, docs/routing.md, each with a Deployment and a Service of its own. */
export const WAYS = {
  web: { title: 'probe' },
  gated: {
    title: 'condition',
    labels: { [LABELS.inject]: 'true' },
    annotations: { [ANNOTATIONS.gate]: 'condition' },
  },
  followed: { title: 'follow', serviceLabels: { [LABELS.follow]: 'true' } },
} satisfies Record<string, WayOfRouting>;

export type Way = keyof typeof WAYS;
export const WAY_NAMES = Object.keys(WAYS) as readonly Way[];

interface WayOfRouting {
  /** For the table. */
  readonly title: string;
  /** Of the pods. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly serviceLabels?: Readonly<Record<string, string>>;
}

type PodSetName = Way | 'floor' | 'client';

/** As `kubectl apply` takes them. */
export class Workload {
  readonly #image: string;
  readonly #api: ClusterApi;
  readonly #cluster: RealCluster;
  /** Of the application, all sites together. */
  readonly replicas: number;

  constructor(image: string, api: ClusterApi, cluster: RealCluster, sites: number) {
    this.#image = image;
    this.#cluster = cluster;
    this.#api = api;
    this.replicas = 2 * sites;
  }

  /** Application and floor, not labelled for injection; `sites` pods of the floor, one a site. */
  async createApp(): Promise<void> {
    const { replicas } = this;
    await this.#apply([
      namespace(APP_NAMESPACE),
      await programs(APP_NAMESPACE),
      service(APP_NAMESPACE, 'web'),
      deployment(this.#image, { namespace: APP_NAMESPACE, name: 'web', program: 'app', replicas }),
      service(APP_NAMESPACE, 'floor'),
      deployment(this.#image, {
        namespace: APP_NAMESPACE,
        name: 'floor',
        program: 'app',
        replicas: replicas / 2,
        env: { READY: 'false' },
        probed: true,
      }),
    ]);
  }

  /** The other ways, beside `web`. */
  async createWays(): Promise<void> {
    const objects = Object.entries<WayOfRouting>(WAYS)
      .filter(([name]) => name !== 'web')
      .flatMap(([name, { labels = {}, annotations = {}, serviceLabels = {} }]) => {
        const set = {
          namespace: APP_NAMESPACE,
          name: name as Way,
          program: 'app',
          labels,
          annotations,
        } as const;
        return [
          service(APP_NAMESPACE, name, serviceLabels),
          deployment(this.#image, { ...set, replicas: this.replicas }),
        ];
      });
    await this.#apply(objects);
  }

  /** One a site, which asks the Services of all ways; they begin at once. */
  async createClients(): Promise<void> {
    const addresses = await Promise.all(WAY_NAMES.map((name) => this.#addressOf(name)));
    const targets = Object.fromEntries(WAY_NAMES.map((name, index) => [name, `http://${addresses[index]}/`]));
    await this.#apply([
      namespace(CLIENT_NAMESPACE),
      await programs(CLIENT_NAMESPACE),
      deployment(this.#image, {
        namespace: CLIENT_NAMESPACE,
        name: 'client',
        program: 'client',
        replicas: this.replicas / 2,
        env: { TARGETS: JSON.stringify(targets), PERIOD_MS: '20', TIMEOUT_MS: '1000' },
      }),
    ]);
  }

  /** Not its name: a site that is cut off has no DNS, and that is not what is measured. */
  async #addressOf(name: string): Promise<string> {
    const { spec } = JSON.parse(
      await this.#api.read(`/api/v1/namespaces/${APP_NAMESPACE}/services/${name}`),
    ) as { readonly spec: { readonly clusterIP: string } };
    return spec.clusterIP.includes(':') ? `[${spec.clusterIP}]` : spec.clusterIP;
  }

  /** As a user does it: on the Deployment itself. */
  async label(): Promise<void> {
    await this.#cluster.kubectl(['-n', APP_NAMESPACE, 'label', 'deployment', 'web', `${LABELS.inject}=true`]);
  }

  /** Pods that are not about to go. */
  async pods(set: PodSetName): Promise<readonly Pod[]> {
    const namespace = set === 'client' ? CLIENT_NAMESPACE : APP_NAMESPACE;
    const { items } = await this.#api.objects.list(PODS, { namespace, labelSelector: `app=${set}` });
    return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  /** All of the set's pods run their containers, ready or not, and `are` so. */
  runs(set: PodSetName, timeoutMs: number, are: (pod: Pod) => boolean = () => true): Promise<readonly Pod[]> {
    const wanted = set === 'floor' || set === 'client' ? this.replicas / 2 : this.replicas;
    return until(
      `${wanted} pods of ${set} run`,
      async () => {
        const pods = await this.pods(set);
        const run = pods.filter((pod) => pod.status?.phase === 'Running' && are(pod));
        return pods.length === wanted && run.length === wanted ? run : undefined;
      },
      { timeoutMs },
    );
  }

  log({ metadata: { namespace = '', name } }: Pod, container: string): Promise<string> {
    return this.#api.read(`/api/v1/namespaces/${namespace}/pods/${name}/log?container=${container}`, '*/*');
  }

  ask(pod: Pod, path: string, timeoutMs?: number): Promise<string> {
    return this.#api.askPod(pod.metadata, PORT, path, timeoutMs);
  }

  async delete(): Promise<void> {
    const names = [APP_NAMESPACE, CLIENT_NAMESPACE];
    await this.#cluster.kubectl(['delete', 'namespace', ...names, '--ignore-not-found', '--wait']);
  }

  #apply(objects: readonly object[]): Promise<string> {
    const list = { apiVersion: 'v1', kind: 'List', items: objects };
    return this.#cluster.kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify(list));
  }
}
