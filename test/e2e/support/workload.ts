/** What runs beside the chart: an application on both sites with its Service, clients, and the floor to compare with. */
import { readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { LABELS } from '../../../contract/names.ts';
import { PODS, type Pod } from '../../../kubernetes/resources.ts';
import { until } from '../../support/until.ts';
import type { ClusterApi } from './api.ts';
import type { RealCluster } from './cluster.ts';

export const APP_NAMESPACE = 'e2e-app';
export const CLIENT_NAMESPACE = 'e2e-client';
const PORT = 8080;
const ZONE_LABEL = 'topology.kubernetes.io/zone';

interface PodSet {
  readonly namespace: string;
  readonly name: string;
  readonly program: 'app' | 'client';
  readonly replicas: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly probed?: boolean;
}

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
      service('web'),
      deployment(this.#image, { namespace: APP_NAMESPACE, name: 'web', program: 'app', replicas }),
      service('floor'),
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

  /** One a site; they begin at once. */
  async createClients(): Promise<void> {
    const { spec } = JSON.parse(await this.#api.read(`/api/v1/namespaces/${APP_NAMESPACE}/services/web`)) as {
      readonly spec: { readonly clusterIP: string };
    };
    // By its address: a site that is cut off has no DNS, and that is not what is measured.
    const address = spec.clusterIP.includes(':') ? `[${spec.clusterIP}]` : spec.clusterIP;
    await this.#apply([
      namespace(CLIENT_NAMESPACE),
      await programs(CLIENT_NAMESPACE),
      deployment(this.#image, {
        namespace: CLIENT_NAMESPACE,
        name: 'client',
        program: 'client',
        replicas: this.replicas / 2,
        env: { TARGET: `http://${address}/`, PERIOD_MS: '20', TIMEOUT_MS: '1000' },
      }),
    ]);
  }

  /** As a user does it: on the Deployment itself. */
  async label(): Promise<void> {
    await this.#cluster.kubectl(['-n', APP_NAMESPACE, 'label', 'deployment', 'web', `${LABELS.inject}=true`]);
  }

  /** Pods that are not about to go. */
  async pods(set: 'web' | 'floor' | 'client'): Promise<readonly Pod[]> {
    const namespace = set === 'client' ? CLIENT_NAMESPACE : APP_NAMESPACE;
    const { items } = await this.#api.objects.list(PODS, { namespace, labelSelector: `app=${set}` });
    return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  /** All of the set's pods run their containers, ready or not, and `are` so. */
  runs(
    set: 'web' | 'floor' | 'client',
    timeoutMs: number,
    are: (pod: Pod) => boolean = () => true,
  ): Promise<readonly Pod[]> {
    const wanted = set === 'web' ? this.replicas : this.replicas / 2;
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

function namespace(name: string): object {
  // The sidecar has to do with the strictest standard.
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

async function programs(namespace: string): Promise<object> {
  const read = async (name: string) =>
    stripTypeScriptTypes(await readFile(new URL(`../pods/${name}.ts`, import.meta.url), 'utf8'));
  const data = { 'app.mjs': await read('app'), 'client.mjs': await read('client') };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'programs', namespace }, data };
}

function service(name: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: APP_NAMESPACE },
    spec: { selector: { app: name }, ports: [{ port: 80, targetPort: PORT }] },
  };
}

function deployment(
  image: string,
  { namespace, name, program, replicas, env = {}, labels, probed }: PodSet,
): object {
  const app = { app: name };
  const variables = Object.entries(env).map(([variable, value]) => ({ name: variable, value }));
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      replicas,
      selector: { matchLabels: app },
      // Half of the pods stand by and are unready for good: a rollout has to go on all the same.
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '75%', maxSurge: 1 } },
      template: {
        metadata: { labels: { ...app, ...labels } },
        spec: {
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: 2,
          securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: ZONE_LABEL,
              whenUnsatisfiable: 'DoNotSchedule',
              labelSelector: { matchLabels: app },
              // Of the newest template alone: pods that are about to go must not keep new ones from their site.
              matchLabelKeys: ['pod-template-hash'],
            },
          ],
          containers: [
            {
              name: program,
              image,
              imagePullPolicy: 'IfNotPresent',
              command: ['/nodejs/bin/node', `/programs/${program}.mjs`],
              env: [
                { name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
                ...variables,
              ],
              ports: [{ containerPort: PORT }],
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
              ...(probed && {
                readinessProbe: {
                  httpGet: { path: '/ready', port: PORT },
                  periodSeconds: 1,
                  failureThreshold: 1,
                },
              }),
              volumeMounts: [{ name: 'programs', mountPath: '/programs' }],
            },
          ],
          volumes: [{ name: 'programs', configMap: { name: 'programs' } }],
        },
      },
    },
  };
}
