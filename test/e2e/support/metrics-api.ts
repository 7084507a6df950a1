/**
 * Stands in for metrics-server, for autoscalers: each pod uses all the CPU that it requests. It leaves out what pods
 * really use, metrics of nodes, and who may ask. It is served by this process, where the API server reaches it.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { KubeObject, Resource } from '../../../kubernetes/api.ts';
import { PODS } from '../../../kubernetes/resources.ts';
import { explain } from '../../../runtime/explain.ts';
import { createAuthority } from '../../support/certificates.ts';
import type { ClusterApi } from './api.ts';
import type { RealCluster } from './cluster.ts';

const [GROUP, API_VERSION] = ['metrics.k8s.io', 'v1beta1'];
const VERSION = `${GROUP}/${API_VERSION}`;
const API_SERVICE = `${API_VERSION}.${GROUP}`;
const PATH = `/apis/${VERSION}`;
const OF_PODS = new RegExp(`^${PATH}/namespaces/([^/]+)/pods$`);
const NAME = 'e2e-metrics';

interface Container {
  readonly name: string;
  readonly restartPolicy?: string;
  readonly resources?: { readonly requests?: { readonly cpu?: string } };
}

interface Requesting extends KubeObject {
  readonly spec?: {
    readonly containers: readonly Container[];
    readonly initContainers?: readonly Container[];
  };
  readonly status?: { readonly phase?: string };
}

const REQUESTING = PODS as Resource as Resource<Requesting>;

export class MetricsApi {
  readonly #cluster: RealCluster;
  readonly #namespace: string;
  readonly #server: Server;

  private constructor(cluster: RealCluster, namespace: string, server: Server) {
    this.#cluster = cluster;
    this.#namespace = namespace;
    this.#server = server;
  }

  /** Serves at `host`, an address of this machine; its Service is in `namespace`. Undefined: the cluster has metrics. */
  static async start(
    { api, cluster }: { readonly api: ClusterApi; readonly cluster: RealCluster },
    namespace: string,
    host: string,
  ): Promise<MetricsApi | undefined> {
    const known = await cluster.kubectl([
      'get',
      'apiservice',
      API_SERVICE,
      '--ignore-not-found',
      '-o',
      'name',
    ]);
    if (known !== '') return undefined;
    const { certificate: cert, key } = await (await createAuthority()).issue({ name: NAME, ips: [host] });
    const server = createServer({ cert, key }, ({ url = '/' }, response) => {
      answer(api, new URL(url, `https://${host}`)).then(
        (body) => {
          response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' });
          response.end(
            JSON.stringify(body ?? { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 404 }),
          );
        },
        (error: unknown) => response.writeHead(500).end(explain(error)),
      );
    });
    server.listen(0, host);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const list = { apiVersion: 'v1', kind: 'List', items: objects(namespace, host, port) };
    await cluster.kubectl(['apply', '-f', '-'], JSON.stringify(list));
    return new MetricsApi(cluster, namespace, server);
  }

  async stop(): Promise<void> {
    await this.#cluster.kubectl(['delete', 'apiservice', API_SERVICE, '--ignore-not-found']);
    await this.#cluster.kubectl(['-n', this.#namespace, 'delete', 'service', NAME, '--ignore-not-found']);
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

async function answer(api: ClusterApi, { pathname, searchParams }: URL): Promise<object | undefined> {
  if (pathname === PATH) {
    const pods = {
      name: 'pods',
      singularName: '',
      namespaced: true,
      kind: 'PodMetrics',
      verbs: ['get', 'list'],
    };
    return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: VERSION, resources: [pods] };
  }
  const [, namespace] = OF_PODS.exec(pathname) ?? [];
  if (namespace === undefined) return undefined;
  const labelSelector = searchParams.get('labelSelector') ?? '';
  const { items } = await api.objects.list(REQUESTING, { namespace, labelSelector });
  const timestamp = new Date().toISOString();
  const metrics = items
    .filter(({ status }) => status?.phase === 'Running')
    .map(({ metadata, spec }) => {
      const sidecars = (spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
      const containers = [...(spec?.containers ?? []), ...sidecars].map(({ name, resources }) => ({
        name,
        usage: { cpu: resources?.requests?.cpu ?? '0', memory: '1Mi' },
      }));
      // A longer window would count pods as starting for as long.
      return { metadata: { namespace, name: metadata.name }, timestamp, window: '1s', containers };
    });
  return { kind: 'PodMetricsList', apiVersion: VERSION, metadata: {}, items: metrics };
}

function objects(namespace: string, host: string, port: number): readonly object[] {
  const metadata = { name: NAME, namespace, labels: { 'kubernetes.io/service-name': NAME } };
  const service = { name: NAME, namespace, port: 443 };
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { ports: [{ name: 'https', port: 443, targetPort: port }] },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata,
      addressType: host.includes(':') ? 'IPv6' : 'IPv4',
      ports: [{ name: 'https', port }],
      endpoints: [{ addresses: [host], conditions: { ready: true } }],
    },
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: API_SERVICE },
      spec: {
        group: GROUP,
        version: API_VERSION,
        service,
        // Its certificate is of this run, and nothing secret is said.
        insecureSkipTLSVerify: true,
        groupPriorityMinimum: 100,
        versionPriority: 100,
      },
    },
  ];
}
