import { CLUSTERS, type Cluster, CNPG_LABELS, HEALTHY, PENDING } from '../../../cnpg/cluster.ts';
import { NAMESPACES, NODES, PODS, type Pod } from '../../../kubernetes/resources.ts';
import type { SeededRandom } from '../../support/random.ts';
import type { VirtualClock } from '../../support/virtual-clock.ts';
import type { ApiServer } from '../api-server.ts';
import type { Database } from './database.ts';
import { clusterOf, other, type Place } from './setup.ts';

const OPERATOR = 'operator';
const SWITCH = 'ReplicaClusterSwitch';
const TICK_MS = 1_000;
/** One tick of so many looks at the instances, or writes a checkpoint on a replica. */
const LOOK_EVERY = 4;
const RESTARTPOINT_EVERY = 40;

type ClusterStatus = NonNullable<Cluster['status']>;

export interface OperatorPorts {
  readonly place: Place;
  readonly server: ApiServer;
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly database: Database;
  /** What the database of the other place has to give at the moment; undefined where it is cut off. */
  readonly source: () => Database | undefined;
}

/**
 * The operator of the Cluster of one place, and its two instances: they write what they write in their order when
 * spec.replica changes, and take their time. Sources: CloudNativePG, replicaclusterswitch, promotiontoken, promote.go (the
 * timeline that is reported is that of the last checkpoint, which is made some time after a promotion), cluster_status.go.
 */
export class Operator {
  /** Nothing of the place runs while it is true. */
  isLost = false;
  readonly #ports: OperatorPorts;
  readonly #cluster: ReturnType<typeof clusterOf>;
  readonly #instances: readonly string[];
  #last: Promise<void> = Promise.resolve();
  #busy = 0;
  #isPromoting = false;

  constructor(ports: OperatorPorts) {
    this.#ports = ports;
    this.#cluster = clusterOf(ports.place);
    this.#instances = [1, 2].map((number) => `${this.#cluster.name}-${number}`);
  }

  /** Makes the Cluster and its instances. */
  start(): void {
    const { server } = this.#ports;
    server.create(OPERATOR, NAMESPACES, { metadata: { name: this.#cluster.namespace } });
    for (const name of this.#nodes) server.create(OPERATOR, NODES, { metadata: { name } });
    this.#create(clusterOf('east').name);
    this.#tick();
  }

  /** When nothing is under way any more. */
  async settled(): Promise<void> {
    while (this.#busy > 0) await this.#last;
  }

  get exists(): boolean {
    return this.#find() !== undefined;
  }

  get spec(): NonNullable<NonNullable<Cluster['spec']>['replica']> {
    return this.#find()?.spec?.replica ?? {};
  }

  get status(): ClusterStatus {
    return this.#find()?.status ?? {};
  }

  /** The other instance becomes the primary, or the one that replicates. */
  failOver(): void {
    this.#play(async () => {
      const { database } = this.#ports;
      const { currentPrimary = '' } = this.status;
      const next = this.#instances.find((name) => name !== currentPrimary) ?? '';
      this.#setReady(currentPrimary, 'False');
      await this.#pause(0, 2_000);
      this.#setStatus({ targetPrimary: PENDING, phase: 'Failing over' });
      await this.#pause(100, 3_000);
      this.#setStatus({ targetPrimary: next });
      await this.#pause(100, 3_000);
      // Where another Cluster is named meanwhile, nobody is promoted, and nothing tells of a demotion.
      if (database.isPrimary && this.#isReplica()) database.demote();
      else if (database.isPrimary) database.switchLine();
      if (this.#ports.random.chance(0.5)) database.checkpoint();
      const currentPrimaryTimestamp = new Date(this.#ports.clock.now()).toISOString().replace('Z', '000Z');
      this.#setStatus({ currentPrimary: next, targetPrimary: next, currentPrimaryTimestamp });
      await this.#pause(0, 2_000);
      database.checkpoint();
      this.#setReady(currentPrimary, 'True');
      this.#report();
      this.#setStatus({ phase: HEALTHY });
    });
  }

  /**
   * A human makes it anew out of the other one's data, as another Cluster of the same name: how one is bootstrapped counts
   * only when it is created. Source: CloudNativePG, bootstrap.
   */
  rebuild(): void {
    this.#play(async () => {
      const { database, source, server } = this.#ports;
      const from = source();
      if (database.isPrimary || from?.isPrimary !== true || database.replicate(from)) return;
      const { primary = '' } = this.spec;
      const { namespace } = this.#cluster;
      server.delete('human', CLUSTERS, this.#cluster, {});
      await this.#pause(0, 2_000);
      for (const name of this.#instances) server.delete(OPERATOR, PODS, { namespace, name }, {});
      await this.#pause(1_000, 10_000);
      database.rebuild(from);
      this.#create(primary);
    });
  }

  #tick(): void {
    const { clock, random } = this.#ports;
    clock.after(TICK_MS, () => {
      this.#tick();
      if (this.isLost) return;
      const { database, source } = this.#ports;
      const from = source();
      if (database.isPrimary) database.write();
      else if (from !== undefined) database.replicate(from);
      if (random.integer(1, RESTARTPOINT_EVERY) === 1) database.checkpoint();
      this.#noteToken();
      if (this.#busy > 0) return;
      if (!this.#awaitsToken && random.integer(1, LOOK_EVERY) === 1) this.#report();
      this.#reconcile();
    });
  }

  #reconcile(): void {
    const { database, random } = this.#ports;
    const { promotionToken = '' } = this.spec;
    if (this.#isReplica() && database.isPrimary) this.#play(() => this.#demote());
    else if (this.#isReplica() || database.isPrimary) return;
    else if (promotionToken === '' || promotionToken === database.position) {
      this.#play(() => this.#promote(promotionToken, random.chance(0.5)));
    }
  }

  /** The instance does it, whatever the operator waits for, unless it is being promoted or another one shall be the primary. */
  #noteToken(): void {
    const { currentPrimary, targetPrimary } = this.status;
    const isIdle = !this.#isPromoting && currentPrimary === targetPrimary;
    if (!isIdle || this.#isReplica() || !this.#ports.database.isPrimary || !this.#awaitsToken) return;
    this.#setStatus({ lastPromotionToken: this.spec.promotionToken ?? '' });
  }

  /** Until then the operator does not look at the instances. */
  get #awaitsToken(): boolean {
    const { promotionToken = '' } = this.spec;
    return promotionToken !== '' && promotionToken !== this.status.lastPromotionToken;
  }

  async #demote(): Promise<void> {
    await this.#pause(0, 2_000);
    this.#setStatus({
      phase: 'Waiting for the instances to become active',
      switchReplicaClusterStatus: { inProgress: true },
      conditions: [this.#switched('False')],
    });
    await this.#pause(500, 8_000);
    this.#ports.database.demote();
    this.#report();
    await this.#pause(0, 2_000);
    this.#setStatus({
      phase: HEALTHY,
      demotionToken: this.#ports.database.position,
      switchReplicaClusterStatus: { inProgress: false },
      conditions: [this.#switched('True')],
    });
  }

  /** The operator may look between the promotion and its checkpoint. */
  async #promote(token: string, isSeenEarly: boolean): Promise<void> {
    const { database } = this.#ports;
    await this.#pause(100, 4_000);
    if (this.#isReplica() || (this.spec.promotionToken ?? '') !== token) return;
    if (token !== '') database.checkpoint();
    this.#isPromoting = true;
    database.promote();
    if (isSeenEarly && !this.#awaitsToken) this.#report();
    await this.#pause(0, 15_000);
    database.checkpoint();
    this.#isPromoting = false;
    this.#setStatus({ lastPromotionToken: token, demotionToken: '' });
    await this.#pause(0, 2_000);
    this.#report();
  }

  /** What the operator says when it has looked at the instances. */
  #report(): void {
    const { isPrimary, checkpointTimeline: timeLineID } = this.#ports.database;
    const { currentPrimary = '' } = this.status;
    const reported = this.#instances.map(
      (name) => [name, { isPrimary: isPrimary && name === currentPrimary, timeLineID }] as const,
    );
    this.#setStatus({
      instancesReportedState: Object.fromEntries(reported),
      // Only a primary says it of itself.
      ...(isPrimary && { timelineID: timeLineID }),
    });
  }

  /** One after the other. */
  #play(script: () => Promise<void>): void {
    this.#busy += 1;
    this.#last = this.#last.then(script).finally(() => {
      this.#busy -= 1;
    });
  }

  #isReplica(): boolean {
    return this.spec.primary !== this.#cluster.name;
  }

  /** There is none for a moment while it is made anew. */
  #find(): Cluster | undefined {
    return this.#ports.server.find(CLUSTERS, this.#cluster);
  }

  #switched(status: 'True' | 'False') {
    const lastTransitionTime = new Date(this.#ports.clock.now()).toISOString();
    return { type: SWITCH, status, reason: 'ReplicaEnabledSetTrue', message: '', lastTransitionTime };
  }

  #setStatus(status: ClusterStatus): void {
    const options = { type: 'merge', subresource: 'status' } as const;
    this.#ports.server.patch(OPERATOR, CLUSTERS, this.#cluster, { status }, options);
  }

  #create(primary: string): void {
    const { place, server } = this.#ports;
    const replica = { primary, source: clusterOf(other(place)).name };
    server.create<Cluster>(OPERATOR, CLUSTERS, { metadata: this.#cluster, spec: { instances: 2, replica } });
    for (const [index, nodeName] of this.#nodes.entries())
      this.#createPod(this.#instances[index] ?? '', nodeName);
    const [first = ''] = this.#instances;
    this.#setStatus({ currentPrimary: first, targetPrimary: first, phase: HEALTHY });
    this.#report();
  }

  get #nodes(): readonly string[] {
    return this.#instances.map((_, index) => `${this.#ports.place}-${index + 1}`);
  }

  #createPod(name: string, nodeName: string): void {
    const { server } = this.#ports;
    const { uid = '' } = this.#find()?.metadata ?? {};
    const owner = { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', name: this.#cluster.name, uid };
    const labels = { [CNPG_LABELS.cluster]: this.#cluster.name, [CNPG_LABELS.podRole]: 'instance' };
    const { namespace } = this.#cluster;
    server.create<Pod>(OPERATOR, PODS, {
      metadata: { namespace, name, labels, ownerReferences: [owner] },
      spec: { nodeName },
    });
    this.#setReady(name, 'True');
  }

  #setReady(name: string, status: 'True' | 'False'): void {
    const key = { namespace: this.#cluster.namespace, name };
    const body = { status: { conditions: [{ type: 'Ready', status }] } };
    this.#ports.server.patch('kubelet', PODS, key, body, { type: 'merge', subresource: 'status' });
  }

  /** Nothing goes on while the place is lost. */
  async #pause(from: number, to: number): Promise<void> {
    const { clock, random } = this.#ports;
    const sleep = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));
    await sleep(random.integer(from, to));
    while (this.isLost) await sleep(TICK_MS);
  }
}
