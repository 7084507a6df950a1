/** A CloudNativePG Cluster and its pods on a control plane without operator and kubelets. */
import { CLUSTERS, type Cluster, CNPG_LABELS } from '../../cnpg/cluster.ts';
import type { KubeApi } from '../../kubernetes/api.ts';
import { type Condition, PODS, type Pod } from '../../kubernetes/resources.ts';

export type InstanceRole = 'primary' | 'replica' | 'unhealthy';

export interface CnpgClusterOptions {
  readonly api: KubeApi;
  readonly namespace: string;
  readonly name: string;
  /** One instance on each; the first is the primary. */
  readonly nodes: readonly string[];
}

/** What a real API server wants of a pod, beyond what we read. */
interface PodManifest extends Pod {
  readonly spec: {
    readonly nodeName?: string;
    readonly terminationGracePeriodSeconds: number;
    readonly containers: readonly { readonly name: string; readonly image: string }[];
  };
}

export const HEALTHY = 'Cluster in healthy state';

export class CnpgCluster {
  readonly api: KubeApi;
  readonly namespace: string;
  readonly name: string;
  readonly #nodes: readonly string[];
  #uid = '';

  /** Use createCnpgCluster. */
  constructor({ api, namespace, name, nodes }: CnpgClusterOptions) {
    this.api = api;
    this.namespace = namespace;
    this.name = name;
    this.#nodes = nodes;
  }

  /** Changes when it is recreated. */
  get uid(): string {
    return this.#uid;
  }

  /** The name of the instance on the `index`th node, from 0. */
  instance(index: number): string {
    return `${this.name}-${index + 1}`;
  }

  /** Makes the Cluster, the pods, and the status of a healthy Cluster whose primary is the first instance. */
  async create(): Promise<void> {
    await this.createWithoutStatus();
    await this.bringUp();
  }

  /** As the operator does with a Cluster that somebody else has made. */
  async bringUp(): Promise<void> {
    this.#uid = (await this.get()).metadata.uid ?? '';
    for (const [index, node] of this.#nodes.entries()) {
      await this.createInstance(this.instance(index), node, index === 0 ? 'primary' : 'replica');
    }
    await this.setStatus(this.#healthyStatus(this.instance(0)));
  }

  /** Only the Cluster, as it is right after somebody made it: no pod, no status. */
  async createWithoutStatus(): Promise<void> {
    const { api, namespace, name } = this;
    const spec = { instances: this.#nodes.length, storage: { size: '1Gi' } };
    const cluster: Cluster = { metadata: { namespace, name }, spec };
    this.#uid = (await api.create(CLUSTERS, cluster)).metadata.uid ?? '';
  }

  /** Deletes the Cluster and leaves its pods, as they linger for a while in reality. */
  delete(): Promise<void> {
    return this.api.delete(CLUSTERS, this);
  }

  get(): Promise<Cluster> {
    return this.api.get(CLUSTERS, this);
  }

  /** Merges `status` into the Cluster's. Null removes a field. */
  setStatus(status: object): Promise<Cluster> {
    return this.api.patch(CLUSTERS, this, { status }, { type: 'merge', subresource: 'status' });
  }

  /** Its place in a distributed topology. */
  setReplica(replica: NonNullable<NonNullable<Cluster['spec']>['replica']>): Promise<Cluster> {
    return this.api.patch(CLUSTERS, this, { spec: { replica } }, { type: 'merge' });
  }

  /** A running and ready pod on `node`; a pending one that has no node if that is undefined. */
  async createInstance(name: string, node: string | undefined, role: InstanceRole): Promise<Pod> {
    const labels = {
      [CNPG_LABELS.cluster]: this.name,
      [CNPG_LABELS.podRole]: 'instance',
      'cnpg.io/instanceName': name,
      ...roleLabels(role),
    };
    const owner = { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', name: this.name, uid: this.#uid };
    const pod: PodManifest = {
      metadata: {
        namespace: this.namespace,
        name,
        labels,
        ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }],
      },
      spec: {
        ...(node === undefined ? {} : { nodeName: node }),
        terminationGracePeriodSeconds: 0, // No kubelet is there to end it and say so.
        containers: [{ name: 'postgres', image: 'postgres' }],
      },
    };
    const created = await this.api.create<Pod>(PODS, pod);
    return node === undefined ? created : this.setReady(name, true);
  }

  annotate(annotations: Readonly<Record<string, string | null>>): Promise<Cluster> {
    return this.api.patch(CLUSTERS, this, { metadata: { annotations } }, { type: 'merge' });
  }

  /** Merges `status` into that of the pod. Null removes a field. */
  setPodStatus(instance: string, status: object): Promise<Pod> {
    const key = { namespace: this.namespace, name: instance };
    return this.api.patch(PODS, key, { status }, { type: 'merge', subresource: 'status' });
  }

  deleteInstance(name: string): Promise<void> {
    return this.api.delete(PODS, { namespace: this.namespace, name });
  }

  setReady(instance: string, ready: boolean): Promise<Pod> {
    return this.setPodStatus(instance, { phase: 'Running', conditions: [condition('Ready', ready)] });
  }

  setRole(instance: string, role: InstanceRole): Promise<Pod> {
    const body = { metadata: { labels: roleLabels(role) } };
    return this.api.patch(PODS, { namespace: this.namespace, name: instance }, body, { type: 'merge' });
  }

  #healthyStatus(primary: string): object {
    const names = this.#nodes.map((_, index) => this.instance(index));
    const now = microseconds();
    return {
      ...settled(names.length),
      instances: names.length,
      instanceNames: names,
      instancesStatus: { healthy: names },
      instancesReportedState: Object.fromEntries(
        names.map((name) => [name, { isPrimary: name === primary, timeLineID: 1 }]),
      ),
      timelineID: 1,
      currentPrimary: primary,
      currentPrimaryTimestamp: now,
      targetPrimary: primary,
      targetPrimaryTimestamp: now,
    };
  }
}

export async function createCnpgCluster(options: CnpgClusterOptions): Promise<CnpgCluster> {
  const cluster = new CnpgCluster(options);
  await cluster.create();
  return cluster;
}

/** The part of the status that says that nothing is under way. */
export function settled(readyInstances: number): object {
  return { phase: HEALTHY, phaseReason: '', readyInstances, conditions: [condition('Ready', true)] };
}

/** Now, as the operator writes times: RFC 3339 with microseconds. */
export function microseconds(): string {
  return new Date().toISOString().replace(/Z$/, '000Z');
}

export function condition(type: string, isTrue: boolean): Condition {
  return {
    type,
    status: isTrue ? 'True' : 'False',
    reason: isTrue ? 'ClusterIsReady' : 'ClusterIsNotReady',
    message: '',
    lastTransitionTime: new Date().toISOString(),
  };
}

/** The operator keeps the deprecated label `role` in step. */
function roleLabels(role: InstanceRole): Record<string, string> {
  return { [CNPG_LABELS.instanceRole]: role, role };
}
