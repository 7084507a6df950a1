import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from '../../cnpg/cluster.ts';
import { parseLsn, readDemotionToken } from '../../cnpg/demotion-token.ts';
import { isReplica } from '../../cnpg/replica.ts';
import { isConflict } from '../../kubernetes/errors.ts';
import { type CnpgCluster, HEALTHY } from './cnpg.ts';

const POLL_MS = 50;
const FENCED = 'cnpg.io/fencedInstances';
const SWITCH = 'ReplicaClusterSwitch';

/** The WAL of one Cluster: its timeline, and how far it has come on it. */
export interface Wal {
  timeline: number;
  lsn: bigint;
}

/**
 * A fake for the operator of one Cluster of a topology and its one instance: it writes what they write, in their order, when
 * spec.replica changes. Sources: CloudNativePG, replicaclusterswitch, promotiontoken, instance_token.go, cluster_status.go.
 * It leaves out PostgreSQL, the admission webhook, failovers within the Cluster, and rebuilding a Cluster that has diverged.
 */
export class TopologyOperator {
  readonly cluster: CnpgCluster;
  readonly wal: Wal;
  readonly systemId: string;
  /** What it replicates from while it is a replica; undefined while the regions are cut off from each other. */
  source: Wal | undefined;
  /** Nothing is reconciled while it is true. */
  paused = false;
  /** What was promoted, and how: for the test. */
  readonly promotions: string[] = [];
  #isPrimary: boolean;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(cluster: CnpgCluster, isPrimary: boolean, wal: Wal, systemId = '7000000000000000001') {
    this.cluster = cluster;
    this.wal = wal;
    this.systemId = systemId;
    this.#isPrimary = isPrimary;
  }

  async start(): Promise<void> {
    await this.#report();
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  get isPrimary(): boolean {
    return this.#isPrimary;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      if (!this.paused) await this.#reconcile().catch(unlessConflict);
      await delay(POLL_MS);
    }
  }

  async #reconcile(): Promise<void> {
    const cluster = await this.cluster.get();
    if (this.#isPrimary) this.wal.lsn += 1n;
    else this.#replicate();
    if (isReplica(cluster) && this.#isPrimary) await this.#demote();
    else if (!isReplica(cluster) && !this.#isPrimary) await this.#promote(cluster);
  }

  /** Only from one that is on the same timeline or began a later one where this one ends. */
  #replicate(): void {
    if (this.source === undefined || this.source.timeline < this.wal.timeline) return;
    if (this.source.lsn < this.wal.lsn) return;
    Object.assign(this.wal, this.source);
  }

  async #demote(): Promise<void> {
    await this.cluster.annotate({ [FENCED]: '["*"]' });
    await this.cluster.setStatus({
      phase: 'Waiting for the instances to become active',
      switchReplicaClusterStatus: { inProgress: true },
      conditions: [switched('False', 'Starting the Replica cluster transition')],
    });
    await delay(POLL_MS);
    this.#isPrimary = false;
    this.wal.lsn += 1n; // The checkpoint of the shutdown.
    await this.#report();
    await this.cluster.setStatus({ demotionToken: this.#token() });
    await this.cluster.annotate({ [FENCED]: null });
    await this.cluster.setStatus({
      phase: HEALTHY,
      switchReplicaClusterStatus: { inProgress: false },
      conditions: [switched('True', 'Completed the Replica cluster transition')],
    });
  }

  async #promote(cluster: Cluster): Promise<void> {
    const token = cluster.spec?.replica?.promotionToken ?? '';
    if (token !== '' && !this.#isReached(token)) return;
    this.promotions.push(token === '' ? 'failover' : 'token');
    this.#isPrimary = true;
    this.wal.timeline += 1;
    await this.#report();
    await this.cluster.setStatus({
      timelineID: this.wal.timeline,
      demotionToken: '',
      lastPromotionToken: token,
    });
  }

  /** Exactly: one that has replayed more than the token tells of is of another history, and waits for ever. */
  #isReached(text: string): boolean {
    const token = readDemotionToken(text);
    return (
      token !== undefined &&
      token.systemId === this.systemId &&
      token.timeline === this.wal.timeline &&
      token.lsn === this.wal.lsn
    );
  }

  async #report(): Promise<void> {
    const isPrimary = this.#isPrimary;
    await this.cluster.setStatus({
      systemID: this.systemId,
      // Only a primary says it of itself.
      ...(isPrimary && { timelineID: this.wal.timeline }),
      instancesReportedState: {
        [this.cluster.instance(0)]: { isPrimary, timeLineID: this.wal.timeline },
      },
    });
  }

  #token(): string {
    const low = (this.wal.lsn % 2n ** 32n).toString(16).toUpperCase();
    const high = (this.wal.lsn / 2n ** 32n).toString(16).toUpperCase();
    const lsn = `${high}/${low}`;
    if (parseLsn(lsn) !== this.wal.lsn) throw new Error(`${lsn} is no position`);
    const content = {
      latestCheckpointTimelineID: String(this.wal.timeline),
      redoWalFile: '000000010000000000000001',
      databaseSystemIdentifier: this.systemId,
      latestCheckpointREDOLocation: lsn,
      timeOfLatestCheckpoint: new Date().toUTCString(),
      operatorVersion: '1.27.0',
    };
    return Buffer.from(JSON.stringify(content)).toString('base64');
  }
}

function switched(status: string, message: string) {
  const lastTransitionTime = new Date().toISOString();
  return { type: SWITCH, status, reason: 'ReplicaEnabledSetTrue', message, lastTransitionTime };
}

/** Somebody else has written: the next look sees it. */
function unlessConflict(error: unknown): void {
  if (!isConflict(error)) throw error;
}
