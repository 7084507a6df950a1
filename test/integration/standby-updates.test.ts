/** What is recommended where pods stand by, tried with Kubernetes' own controllers: the update reaches every pod. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { DAEMON_SETS, DEPLOYMENTS, STATEFUL_SETS, type Workload } from '../../cli/cluster/workloads.ts';
import type { Resource } from '../../kubernetes/api.ts';
import { PODS, type Pod } from '../../kubernetes/resources.ts';
import type { RolloutSpec } from '../../webhook/inject/rollouts.ts';
import { readWorkload } from '../../webhook/inject/shape.ts';
import { REMEDIES, stallWarnings } from '../../webhook/inject/stalls.ts';
import { post } from '../support/raw-api.ts';
import { createNamespace, createNodes } from '../support/seed.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { until } from '../support/until.ts';

const plane = await sharedControlPlane();
const { api } = plane;
const WAIT = { timeoutMs: 90_000 };
/** The version before the rollout that puts the sidecar in. */
const WITHOUT_SIDECAR = '0';

interface Placed extends Pod {
  readonly spec: Omit<NonNullable<Pod['spec']>, 'containers'> & {
    readonly containers: readonly {
      readonly name: string;
      readonly ports?: readonly { readonly hostPort?: number }[];
    }[];
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
    // A role, as any other label may keep them on one site.
    this.label = { [`node-role.kubernetes.io/update-${id}`]: '' };
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

  /** In the roles of scheduler and kubelets: pods with the sidecar never get ready on the standby site. */
  async serve(abort: AbortSignal): Promise<readonly Placed[]> {
    const { items } = await api.list(PODS, { namespace: this.namespace, abort });
    const pods = items as readonly Placed[];
    // Of what is bound here the list does not tell yet, and no scheduler gives the same port of a node to two pods.
    const nodeOf = new Map(pods.map((pod) => [pod, pod.spec.nodeName]));
    for (const pod of pods) {
      const { name } = pod.metadata;
      const node = pod.spec.nodeName ?? this.#nodeFor(pod, nodeOf);
      if (node === undefined) continue;
      nodeOf.set(pod, node);
      if (pod.spec.nodeName === undefined) {
        const target = { apiVersion: 'v1', kind: 'Node', name: node };
        const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target };
        await post(plane, `/api/v1/namespaces/${this.namespace}/pods/${name}/binding`, binding);
      } else if (pod.status?.phase !== 'Running') {
        const isReady = this.isActive(node) || pod.metadata.labels?.version === WITHOUT_SIDECAR;
        const status = isReady ? 'True' : 'False';
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

  /** Where a DaemonSet wants it, or where the fewest of its template are; none where its port is taken everywhere. */
  #nodeFor(pod: Placed, nodeOf: ReadonlyMap<Placed, string | undefined>): string | undefined {
    const terms = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    const wanted = terms?.nodeSelectorTerms[0]?.matchFields?.[0]?.values[0];
    const hash = pod.metadata.labels?.['pod-template-hash'];
    const load = (node: string) =>
      [...nodeOf].filter(
        ([other, at]) => at === node && other.metadata.labels?.['pod-template-hash'] === hash,
      ).length;
    const takesPort = pod.spec.containers.some(({ ports }) => ports?.some(({ hostPort }) => hostPort));
    const isFree = (node: string) => !takesPort || ![...nodeOf.values()].includes(node);
    return wanted ?? this.nodes.filter(isFree).toSorted((one, other) => load(one) - load(other))[0];
  }
}

const template = (site: Site, version: string, ports: readonly object[] = []) => ({
  metadata: { labels: { app: 'web', version } },
  spec: {
    nodeSelector: site.label,
    terminationGracePeriodSeconds: 0,
    // Whoever makes a node taints it until its kubelet tells that it is ready.
    tolerations: [{ operator: 'Exists' }],
    containers: [{ name: 'web', image: `web:${version}`, ports }],
  },
});

test('a single pod of a StatefulSet that stands by is not replaced, but by hand', async () => {
  const namespace = await createNamespace(plane, 'update');
  const set = { namespace, name: 'web' };
  const pod = { namespace, name: 'web-0' };
  const at = (version: string) => ({
    metadata: { labels: { app: 'web', version } },
    spec: { containers: [{ name: 'web', image: `web:${version}` }] },
  });
  const spec = { serviceName: 'web', selector: { matchLabels: { app: 'web' } }, template: at('1') };
  const versionThere = (version: string) =>
    until(
      `the pod is of version ${version}`,
      async (abort) => {
        const { items } = await api.list(PODS, { namespace, abort });
        return items.find(({ metadata }) => metadata.labels?.version === version);
      },
      WAIT,
    );
  await api.create(STATEFUL_SETS, { metadata: set, spec });
  const { metadata: old } = await versionThere('1');
  const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] };
  await api.patch(PODS, pod, { status }, { type: 'merge', subresource: 'status' });
  await api.patch(STATEFUL_SETS, set, { spec: { template: at('2') } }, { type: 'merge' });
  await until(
    'its controller has seen the update',
    async (abort) => {
      const { status: seen } = await api.get(STATEFUL_SETS, set, { abort });
      return seen?.updateRevision !== seen?.currentRevision || undefined;
    },
    WAIT,
  );
  const { metadata: left } = await api.get(PODS, pod);
  assert.deepEqual([left.uid, left.deletionTimestamp], [old.uid, undefined]);
  const byHand = { spec: { updateStrategy: { type: 'OnDelete', rollingUpdate: null } } };
  await api.patch(STATEFUL_SETS, set, byHand, { type: 'merge' });
  await api.delete(PODS, pod);
  await versionThere('2');
});

describe('an update with standbys, as it is recommended', () => {
  type Ports = readonly { readonly containerPort: number; readonly hostPort: number }[];
  const hostPort: Ports = [{ containerPort: 80, hostPort: 80 }];
  const cases: [
    kind: string,
    resource: Resource<Workload>,
    spec: object,
    remedy: (spec: RolloutSpec) => string,
    ports?: Ports,
  ][] = [
    [
      'Deployment',
      DEPLOYMENTS,
      { replicas: 4, strategy: { rollingUpdate: { maxUnavailable: 2, maxSurge: 1 } } },
      (spec) => REMEDIES.Deployment(2, spec),
    ],
    [
      'Deployment',
      DEPLOYMENTS,
      { replicas: 4, strategy: { rollingUpdate: { maxUnavailable: 3, maxSurge: 0 } } },
      (spec) => REMEDIES.Deployment(2, spec),
      hostPort,
    ],
    [
      'DaemonSet',
      DAEMON_SETS,
      { updateStrategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: '100%' } } },
      () => REMEDIES.DaemonSet,
    ],
  ];
  for (const [kind, resource, spec, remedyOf, ports = []] of cases) {
    const remedy = remedyOf({ replicas: 4, template: { spec: { containers: [{ ports }] } } });
    test(`of a ${kind} reaches every pod: ${remedy}`, async () => {
      const site = await Site.create();
      const { namespace } = site;
      const workload = {
        metadata: { namespace, name: 'web' },
        spec: {
          ...spec,
          selector: { matchLabels: { app: 'web' } },
          template: template(site, WITHOUT_SIDECAR, ports),
        },
      };
      const read = readWorkload(workload);
      assert.deepEqual(read.ok && stallWarnings(kind, read.value), []);
      await api.create(resource, workload);
      const all = (version: string) =>
        until(
          `all pods are of version ${version}`,
          async (abort) => {
            const pods = await site.serve(abort);
            const there = pods.filter(
              ({ spec: { nodeName }, status }) => nodeName && status?.phase === 'Running',
            );
            const isDone =
              there.length === 4 && there.every(({ metadata }) => metadata.labels?.version === version);
            return isDone && pods.length === 4 ? there : undefined;
          },
          WAIT,
        );
      await all(WITHOUT_SIDECAR);
      for (const version of ['1', '2']) {
        await api.patch(
          resource,
          { namespace, name: 'web' },
          { spec: { template: template(site, version, ports) } },
          { type: 'merge' },
        );
        await all(version);
      }
    });
  }
});
