import { CLUSTERS, type Cluster, CNPG_LABELS, PENDING } from '../../cnpg/cluster.ts';
import type { Node, Pod } from '../../kubernetes/resources.ts';
import { NAMESPACES, NODES, PODS } from '../../kubernetes/resources.ts';
import type { SeededRandom } from '../support/random.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import type { ApiServer } from './api-server.ts';

export const CLUSTER = { namespace: 'postgres', name: 'pg-cluster' };

/** Nodes and their labels. The last one stands in no site. */
export const NODE_LABELS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'us-1': {},
  'us-2': {},
  'eu-1': {},
  'eu-2': { region: 'eu' },
  'ap-1': { region: 'ap' },
  'lost-1': { region: 'none' },
};
export const SITE_NODES = Object.keys(NODE_LABELS).filter((node) => node !== 'lost-1');
const INSTANCES = [1, 2, 3].map((number) => `${CLUSTER.name}-${number}`);
const OPERATOR = 'operator';

export const HEALTHY = {
  phase: 'Cluster in healthy state',
  readyInstances: INSTANCES.length,
  timelineID: 1,
  instancesStatus: { healthy: INSTANCES },
  instancesReportedState: Object.fromEntries(INSTANCES.map((name) => [name, { timeLineID: 1 }])),
} as const;
const READY = { conditions: [{ type: 'Ready', status: 'True' }] };

type Status = NonNullable<Cluster['status']>;

/**
 * A CloudNativePG Cluster with its pods, and the operator that moves its primary. Each move is a script over
 * virtual time; one runs after the other.
 */
export class Postgres {
  readonly #server: ApiServer;
  readonly #clock: VirtualClock;
  readonly #random: SeededRandom;
  #last: Promise<void> = Promise.resolve();

  constructor(server: ApiServer, clock: VirtualClock, random: SeededRandom) {
    this.#server = server;
    this.#clock = clock;
    this.#random = random;
    server.create(OPERATOR, NAMESPACES, { metadata: { name: CLUSTER.namespace } });
    for (const node of Object.keys(NODE_LABELS)) this.#createNode(node);
    this.#createCluster();
    for (const instance of INSTANCES) {
      this.#createPod(instance, random.pick(SITE_NODES));
      this.#makeReady(instance);
    }
    const primary = random.pick(INSTANCES);
    this.#setStatus({ currentPrimary: primary, targetPrimary: primary, ...HEALTHY });
  }

  /** Plays `script` when those before it have ended. */
  play(script: MoveName): void {
    this.#last = this.#last.then(() => this[script]());
  }

  /** When all scripts have ended and the primary stands in a site. */
  async settled(): Promise<void> {
    this.play('stabilise');
    await this.#last;
  }

  async switchover(): Promise<void> {
    const next = this.#another();
    this.#setStatus({ targetPrimary: next, phase: 'Switchover in progress' });
    await this.#pause(100, 4_000);
    this.#promote(next);
    await this.#pause(50, 1_000);
    this.#setStatus({ ...HEALTHY });
  }

  /** Somebody has asked for another primary, as `kubectl cnpg promote` does. */
  async obey(): Promise<void> {
    const { targetPrimary = '', currentPrimary = '' } = this.#server.get(CLUSTERS, CLUSTER).status ?? {};
    if (targetPrimary === currentPrimary) return;
    await this.#pause(100, 4_000);
    this.#promote(this.#pod(targetPrimary)?.spec?.nodeName === undefined ? currentPrimary : targetPrimary);
    this.#setStatus({ ...HEALTHY });
  }

  /** Two moves at once: there, and back or on. */
  async flap(): Promise<void> {
    this.#promote(this.#another());
    await this.#pause(0, 300);
    this.#promote(this.#another());
  }

  /** The primary's pod dies, and comes back elsewhere as a replica. */
  async failover(): Promise<void> {
    const dead = this.#primary;
    this.#deletePod(dead);
    await this.#pause(0, 2_000);
    await this.#failOverFrom(dead);
    await this.#bringBack(dead);
  }

  /** The primary's node is gone, its pod with it a little later. */
  async loseNode(): Promise<void> {
    const dead = this.#primary;
    const node = this.#pod(dead)?.spec?.nodeName ?? '';
    this.#deleteNode(node);
    await this.#pause(500, 10_000);
    this.#deletePod(dead);
    await this.#failOverFrom(dead);
    await this.#bringBack(dead);
    this.#createNode(node);
  }

  /** The primary's pod is made again, with its name and role, on any node: its volume is on the network. */
  async relocate(): Promise<void> {
    await this.#recreatePrimary(this.#random.pick(SITE_NODES));
  }

  async strayFromSites(): Promise<void> {
    await this.#recreatePrimary('lost-1');
    await this.#pause(1_000, 20_000);
    await this.#recreatePrimary(this.#random.pick(SITE_NODES));
  }

  /** The primary's node changes its site under it. */
  async relabel(): Promise<void> {
    await this.#recreatePrimary('lost-1');
    await this.#pause(100, 3_000);
    this.#label('lost-1', 'ap');
    await this.#pause(1_000, 20_000);
    await this.#recreatePrimary(this.#random.pick(SITE_NODES));
    this.#label('lost-1', 'none');
  }

  /** The operator says nothing that could be followed. */
  async forget(): Promise<void> {
    const primary = this.#primary;
    this.#setStatus({ currentPrimary: this.#random.pick(['', PENDING]) });
    await this.#pause(100, 15_000);
    this.#promote(this.#random.chance(0.5) ? primary : this.#another());
  }

  /** The Cluster is deleted and made again: the same names, another UID, old pods that linger. */
  async recreateCluster(): Promise<void> {
    const deletionTimestamp = new Date(this.#clock.now()).toISOString();
    this.#server.patch(OPERATOR, CLUSTERS, CLUSTER, { metadata: { deletionTimestamp } }, { type: 'merge' });
    await this.#pause(100, 3_000);
    this.#server.delete(OPERATOR, CLUSTERS, CLUSTER, {});
    await this.#pause(100, 15_000);
    this.#createCluster();
    await this.#pause(0, 1_000);
    const [first = ''] = INSTANCES;
    this.#setStatus({ targetPrimary: first, phase: 'Setting up primary' });
    if (this.#random.chance(0.5)) {
      this.#setStatus({ currentPrimary: first });
      await this.#pause(100, 3_000);
    }
    for (const instance of INSTANCES) {
      this.#deletePod(instance);
      await this.#pause(0, 1_000);
      await this.#bringBack(instance);
    }
    this.#promote(first);
    await this.#pause(50, 1_000);
    this.#setStatus({ ...HEALTHY });
  }

  /** What a human or the operator does in the end, so that there is something to converge to. */
  async stabilise(): Promise<void> {
    const pod = this.#pod(this.#primary);
    const inSite = SITE_NODES.includes(pod?.spec?.nodeName ?? '');
    if (pod === undefined || !inSite) await this.#recreatePrimary(this.#random.pick(SITE_NODES));
    this.#promote(this.#primary);
    this.#setStatus({ ...HEALTHY });
  }

  async #failOverFrom(dead: string): Promise<void> {
    this.#setStatus({ targetPrimary: PENDING, phase: 'Failing over' });
    await this.#pause(100, 3_000);
    const next = this.#another(dead);
    this.#setStatus({ targetPrimary: next });
    await this.#pause(100, 3_000);
    this.#promote(next);
    this.#setStatus({ ...HEALTHY });
  }

  async #recreatePrimary(node: string): Promise<void> {
    const primary = this.#primary;
    this.#deletePod(primary);
    await this.#pause(0, 3_000);
    await this.#bringBack(primary, node);
  }

  async #bringBack(instance: string, node: string = this.#random.pick(SITE_NODES)): Promise<void> {
    this.#createPod(instance);
    await this.#pause(0, 4_000);
    const pod = this.#server.get(PODS, { namespace: CLUSTER.namespace, name: instance });
    this.#server.replace('scheduler', PODS, { ...pod, spec: { ...pod.spec, nodeName: node } });
    this.#makeReady(instance);
  }

  #promote(instance: string): void {
    const currentPrimaryTimestamp = new Date(this.#clock.now()).toISOString().replace('Z', '000Z');
    this.#setStatus({ currentPrimary: instance, targetPrimary: instance, currentPrimaryTimestamp });
  }

  get #primary(): string {
    const { currentPrimary = '', targetPrimary = '' } = this.#server.get(CLUSTERS, CLUSTER).status ?? {};
    return currentPrimary === '' || currentPrimary === PENDING ? targetPrimary : currentPrimary;
  }

  #another(than: string = this.#primary): string {
    const standing = INSTANCES.filter(
      (name) => name !== than && this.#pod(name)?.spec?.nodeName !== undefined,
    );
    return this.#random.pick(standing);
  }

  #pod(name: string): Pod | undefined {
    return this.#server.find(PODS, { namespace: CLUSTER.namespace, name });
  }

  #deleteNode(name: string): void {
    if (this.#server.find(NODES, { name }) !== undefined) this.#server.delete(OPERATOR, NODES, { name }, {});
  }

  #createNode(name: string): void {
    if (this.#server.find(NODES, { name }) !== undefined) return;
    this.#server.create(OPERATOR, NODES, { metadata: { name, labels: NODE_LABELS[name] ?? {} } });
    const options = { type: 'merge', subresource: 'status' } as const;
    this.#server.patch('kubelet', NODES, { name }, { status: READY }, options);
  }

  #label(name: string, region: string): void {
    this.#server.patch<Node>(
      OPERATOR,
      NODES,
      { name },
      { metadata: { labels: { region } } },
      { type: 'merge' },
    );
  }

  #createCluster(): void {
    this.#server.create(OPERATOR, CLUSTERS, {
      metadata: { ...CLUSTER },
      spec: { instances: INSTANCES.length },
    });
  }

  #createPod(name: string, nodeName?: string): void {
    const { uid = '' } = this.#server.get(CLUSTERS, CLUSTER).metadata;
    const owner = { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', name: CLUSTER.name, uid };
    const labels = {
      [CNPG_LABELS.cluster]: CLUSTER.name,
      [CNPG_LABELS.podRole]: 'instance',
      [CNPG_LABELS.instanceRole]: 'replica',
    };
    this.#server.create<Pod>(OPERATOR, PODS, {
      metadata: { namespace: CLUSTER.namespace, name, labels, ownerReferences: [owner] },
      spec: nodeName === undefined ? {} : { nodeName },
    });
  }

  #makeReady(name: string): void {
    const options = { type: 'merge', subresource: 'status' } as const;
    this.#server.patch('kubelet', PODS, { namespace: CLUSTER.namespace, name }, { status: READY }, options);
  }

  #deletePod(name: string): void {
    if (this.#pod(name) === undefined) return;
    this.#server.delete('kubelet', PODS, { namespace: CLUSTER.namespace, name }, {});
  }

  #setStatus(status: Status): void {
    this.#server.patch(OPERATOR, CLUSTERS, CLUSTER, { status }, { type: 'merge', subresource: 'status' });
  }

  #pause(from: number, to: number): Promise<void> {
    return new Promise((resolve) => this.#clock.after(this.#random.integer(from, to), resolve));
  }
}

export const MOVES = [
  'switchover',
  'flap',
  'failover',
  'loseNode',
  'relocate',
  'strayFromSites',
  'relabel',
  'forget',
  'recreateCluster',
] as const satisfies readonly (keyof Postgres)[];

type MoveName = (typeof MOVES)[number] | 'obey' | 'stabilise';
