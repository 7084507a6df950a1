/** What is recommended where pods stand by, tried with Kubernetes' own controllers: the update reaches every pod. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { DAEMON_SETS, DEPLOYMENTS, type Workload } from '../../cli/cluster/resources.ts';
import type { Resource } from '../../kubernetes/api.ts';
import { PODS, type Pod } from '../../kubernetes/resources.ts';
import { readWorkload } from '../../webhook/inject/shape.ts';
import { REMEDIES, stallWarnings } from '../../webhook/inject/stalls.ts';
import { post } from '../support/raw-api.ts';
import { createNamespace, createNodes } from '../support/seed.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { until } from '../support/until.ts';

const plane = await sharedControlPlane();
const { api } = plane;
const WAIT = { timeoutMs: 90_000 };

interface Placed extends Pod {
  readonly spec: NonNullable<Pod['spec']> & {
    readonly affinity?: {
      readonly nodeAffinity?: {
        readonly requiredDuringSchedulingIgnoredDuringExecution?: {
          readonly nodeSelectorTerms: readonly {
            readonly matchFields?: readonly { readonly values: readonly string[] }[];
          }[];
        };
      };
    };
  };
}

/** Four nodes, of which the first two stand in the active site. */
class Site {
  readonly nodes: readonly string[];
  readonly label: Record<string, string>;
  readonly namespace: string;

  private constructor(namespace: string, id: string) {
    this.namespace = namespace;
    this.label = { 'example.com/update': id };
    this.nodes = ['a', 'b', 'c', 'd'].map((name) => `${name}-${id}`);
  }

  static async create(): Promise<Site> {
    const site = new Site(await createNamespace(plane, 'update'), randomBytes(3).toString('hex'));
    await createNodes(
      api,
      site.nodes.map((name) => ({ name, labels: site.label })),
    );
    return site;
  }

  /** In the roles of scheduler and kubelets: pods on the standby site never get ready. */
  async serve(signal: AbortSignal): Promise<readonly Placed[]> {
    const { items } = await api.list(PODS, { namespace: this.namespace, signal });
    const pods = items as readonly Placed[];
    for (const pod of pods) {
      const { name } = pod.metadata;
      const node = pod.spec.nodeName ?? this.#nodeFor(pod, pods);
      if (pod.spec.nodeName === undefined) {
        const target = { apiVersion: 'v1', kind: 'Node', name: node };
        const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target };
        await post(plane, `/api/v1/namespaces/${this.namespace}/pods/${name}/binding`, binding);
      } else if (pod.status?.phase !== 'Running') {
        const status = this.isActive(node) ? 'True' : 'False';
        const body = { status: { phase: 'Running', conditions: [{ type: 'Ready', status }] } };
        const key = { namespace: this.namespace, name };
        await api.patch(PODS, key, body, { type: 'merge', subresource: 'status' }).catch(() => undefined);
      }
    }
    return pods;
  }

  isActive(node: string): boolean {
    return this.nodes.indexOf(node) < this.nodes.length / 2;
  }

  /** Where a DaemonSet wants it, or where the fewest of its template are. */
  #nodeFor(pod: Placed, pods: readonly Placed[]): string {
    const terms = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    const wanted = terms?.nodeSelectorTerms[0]?.matchFields?.[0]?.values[0];
    const hash = pod.metadata.labels?.['pod-template-hash'];
    const load = (node: string) =>
      pods.filter(
        (other) => other.spec.nodeName === node && other.metadata.labels?.['pod-template-hash'] === hash,
      ).length;
    return wanted ?? this.nodes.toSorted((one, other) => load(one) - load(other))[0] ?? '';
  }
}

const template = (site: Site, version: string) => ({
  metadata: { labels: { app: 'web', version } },
  spec: {
    nodeSelector: site.label,
    terminationGracePeriodSeconds: 0,
    // Whoever makes a node taints it until its kubelet tells that it is ready.
    tolerations: [{ operator: 'Exists' }],
    containers: [{ name: 'web', image: `web:${version}` }],
  },
});

describe('an update with standbys, as it is recommended', () => {
  const cases: [kind: string, resource: Resource<Workload>, spec: object, remedy: string][] = [
    [
      'Deployment',
      DEPLOYMENTS,
      { replicas: 4, strategy: { rollingUpdate: { maxUnavailable: 2, maxSurge: 1 } } },
      REMEDIES.Deployment(2),
    ],
    [
      'DaemonSet',
      DAEMON_SETS,
      { updateStrategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } },
      REMEDIES.DaemonSet,
    ],
  ];
  for (const [kind, resource, spec, remedy] of cases) {
    test(`of a ${kind} reaches every pod: ${remedy}`, async () => {
      const site = await Site.create();
      const { namespace } = site;
      const workload = {
        metadata: { namespace, name: 'web' },
        spec: { ...spec, selector: { matchLabels: { app: 'web' } }, template: template(site, '1') },
      };
      const read = readWorkload(workload);
      assert.deepEqual(read.ok && stallWarnings(kind, read.value), []);
      await api.create(resource, workload);
      const all = (version: string) =>
        until(
          `all pods are of version ${version}`,
          async (signal) => {
            const pods = await site.serve(signal);
            const there = pods.filter(
              ({ spec: { nodeName }, status }) => nodeName && status?.phase === 'Running',
            );
            const isDone =
              there.length === 4 && there.every(({ metadata }) => metadata.labels?.version === version);
            return isDone && pods.length === 4 ? there : undefined;
          },
          WAIT,
        );
      await all('1');
      await api.patch(
        resource,
        { namespace, name: 'web' },
        { spec: { template: template(site, '2') } },
        { type: 'merge' },
      );
      await all('2');
    });
  }
});
