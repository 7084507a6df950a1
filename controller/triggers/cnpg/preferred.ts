import * as z from 'zod';
import { BACKUPS, CLUSTERS, type Cluster, CNPG_LABELS, isOwnedBy } from '../../../cnpg/cluster.ts';
import { obstaclesTo, promotionPreconditions } from '../../../cnpg/preconditions.ts';
import { promotionPatch, reconcileRequestPatch, runningBackupsOf } from '../../../cnpg/promotion.ts';
import type { ObjectKey } from '../../../kubernetes/api.ts';
import { cut } from '../../../kubernetes/cut.ts';
import { ignoreNotFound, isConflict, mayBeStored } from '../../../kubernetes/errors.ts';
import type { Leadership } from '../../../kubernetes/leadership.ts';
import { listEach, listPages } from '../../../kubernetes/pages.ts';
import { NODES, PODS, type Pod } from '../../../kubernetes/resources.ts';
import { timestamp } from '../../../runtime/clock.ts';
import { explain } from '../../../runtime/explain.ts';
import { KnownSince } from '../../../runtime/known-since.ts';
import type { EventNote } from '../../events/event-rules.ts';
import type { TriggerPorts } from '../trigger-kind.ts';
import type { CnpgConfig } from './settings.ts';

const RECORD = z.object({
  /** The incarnation of the Cluster that this was done for. */
  uid: z.string(),
  /** The restart of the controller that asked for it; empty when none did. */
  restartedAt: z.string(),
  /**
   * AlreadyThere, Moved: done. TimedOut: the operator did not finish in time; a human has to look.
   * Waiting: a precondition does not hold yet. Moving: the patch was sent, or was about to be.
   */
  outcome: z.enum(['AlreadyThere', 'Moved', 'TimedOut', 'Waiting', 'Moving']),
  /** The pod that is promoted; empty when none is. */
  target: z.string(),
  /** RFC 3339: when this outcome was reached. */
  at: z.string(),
  /** What is in the way, for the reader. */
  detail: z.string(),
});

export type PreferredRecord = Readonly<z.infer<typeof RECORD>>;

type Ports = Pick<
  TriggerPorts,
  'api' | 'clock' | 'follower' | 'restartedAt' | 'report' | 'events' | 'metrics'
>;

/** A switchover may last as long as the old primary takes to shut down; after this a human should look. */
const DEADLINE_MS = 10 * 60_000;
/** Restart points are minutes apart, so asking more often would bring nothing. */
const ASK_EVERY_MS = 60_000;
const SECTION = 'preferred-primary';
/** In bytes: the names of backups and what others write into the Cluster are in it. */
const LONGEST_DETAIL = 1_024;
const FINAL: readonly PreferredRecord['outcome'][] = ['AlreadyThere', 'Moved', 'TimedOut'];

/**
 * Moves the primary to its preferred node, once for each incarnation of the Cluster and once more after each
 * `kubectl rollout restart` of the controller. A failover that moves it away later is not undone.
 */
export class PreferredPrimary {
  readonly #cluster: Required<ObjectKey>;
  readonly #node: string;
  readonly #ports: Ports;
  /** Monotonic milliseconds. */
  #askedAt = Number.NEGATIVE_INFINITY;
  /** The move that is under way: its deadline is measured by who follows it, as its time is of another clock. */
  readonly #moves: KnownSince;

  constructor({ namespace, clusterName }: CnpgConfig, node: string, ports: Ports) {
    this.#cluster = { namespace, name: clusterName };
    this.#node = node;
    this.#ports = ports;
    this.#moves = new KnownSince(ports.clock);
  }

  /** One step. Throws KubeError. */
  async step(leadership: Leadership): Promise<void> {
    const { api, restartedAt, report } = this.#ports;
    const { abort } = leadership;
    const cluster = await api.get(CLUSTERS, this.#cluster, { abort });
    const uid = cluster.metadata.uid ?? '';
    // None as well when somebody has edited it into something else.
    const record = RECORD.safeParse(report.get(SECTION)).data;
    const asked = record?.uid !== uid || isLater(restartedAt, record.restartedAt);
    if (record !== undefined && record.uid === uid && record.outcome === 'Moving') {
      return this.#follow(record, cluster, leadership);
    }
    if (asked || !FINAL.includes(record.outcome)) return this.#consider(cluster, record, leadership);
  }

  /** The patch is out: never send another one, only see what comes of it. */
  async #follow(record: PreferredRecord, cluster: Cluster, leadership: Leadership): Promise<void> {
    if (cluster.status?.currentPrimary === record.target) {
      return this.#remember({ ...record, outcome: 'Moved', detail: '' }, leadership);
    }
    this.#moves.keep([keyOf(record)]);
    if (this.#moves.ms(keyOf(record)) < DEADLINE_MS) return;
    const { currentPrimary = '', phase = '' } = cluster.status ?? {};
    const detail = cut(`currentPrimary is still "${currentPrimary}", phase "${phase}"`, LONGEST_DETAIL);
    return this.#remember({ ...record, outcome: 'TimedOut', detail }, leadership);
  }

  async #consider(
    cluster: Cluster,
    last: PreferredRecord | undefined,
    leadership: Leadership,
  ): Promise<void> {
    const { api, restartedAt } = this.#ports;
    const { abort } = leadership;
    const name = this.#node;
    const [{ primary, target }, node, runningBackups = []] = await Promise.all([
      this.#instances(cluster, abort),
      api.get(NODES, { name }, { abort }).catch(ignoreNotFound),
      this.#runningBackups(abort).catch(ignoreNotFound),
    ]);
    const base = { uid: cluster.metadata.uid ?? '', restartedAt, target: '', detail: '' };
    if (primary?.spec?.nodeName === name) {
      return this.#remember({ ...base, outcome: 'AlreadyThere', at: this.#now() }, leadership);
    }
    const unmet = promotionPreconditions({ cluster, target, node, runningBackups }).filter(
      ({ obstacle }) => obstacle !== undefined,
    );
    if (unmet.length > 0 || target === undefined) {
      const detail = cut(unmet.map(({ obstacle }) => obstacle).join('; '), LONGEST_DETAIL);
      if (unmet.every(({ mayBeOutdated }) => mayBeOutdated)) await this.#askForNewReport(cluster, leadership);
      if (last?.outcome === 'Waiting' && last.uid === base.uid && last.detail === detail) return;
      return this.#remember({ ...base, outcome: 'Waiting', at: this.#now(), detail }, leadership);
    }
    await this.#promote(
      cluster,
      { ...base, outcome: 'Moving', at: this.#now(), target: target.metadata.name },
      leadership,
    );
  }

  /** One after the other: anybody who may create pods there can make them large, and label them as instances. */
  async #instances(cluster: Cluster, abort: AbortSignal) {
    const { namespace, name } = this.#cluster;
    const labelSelector = `${CNPG_LABELS.cluster}=${name}`;
    let primary: Pod | undefined;
    let target: Pod | undefined;
    let least = Number.POSITIVE_INFINITY;
    for await (const pod of listEach(this.#ports.api, PODS, { namespace, labelSelector, abort })) {
      if (pod.metadata.name === cluster.status?.currentPrimary && isOwnedBy(pod, cluster)) primary = pod;
      if (!isInstanceOn(pod, this.#node)) continue;
      const obstacles = obstaclesTo(pod, cluster);
      if (obstacles < least) [target, least] = [pod, obstacles];
    }
    return { primary, target };
  }

  async #runningBackups(abort: AbortSignal): Promise<readonly string[]> {
    const { namespace, name } = this.#cluster;
    const names: string[] = [];
    for await (const { items } of listPages(this.#ports.api, BACKUPS, { namespace, abort })) {
      names.push(...runningBackupsOf(items, name));
    }
    return names;
  }

  async #askForNewReport(cluster: Cluster, { abort }: Leadership): Promise<void> {
    const { api, clock } = this.#ports;
    if (clock.elapsed() - this.#askedAt < ASK_EVERY_MS) return;
    this.#askedAt = clock.elapsed();
    const body = reconcileRequestPatch(cluster, this.#now());
    await api.patch(CLUSTERS, this.#cluster, body, { type: 'merge', subresource: 'status', abort });
  }

  /** Stored before it is sent: a replica that takes over in between must not send it a second time. */
  async #promote(cluster: Cluster, record: PreferredRecord, leadership: Leadership): Promise<void> {
    const { api, report } = this.#ports;
    await this.#remember(record, leadership);
    this.#moves.keep([keyOf(record)]);
    if (!leadership.isLeader()) return;
    const body = promotionPatch(cluster, record.target, this.#now());
    try {
      await api.patch(CLUSTERS, this.#cluster, body, {
        type: 'merge',
        subresource: 'status',
        abort: leadership.abort,
      });
    } catch (error) {
      // A refused patch has changed nothing, so it may be tried again. Without an answer it may have been stored.
      if (!(await this.#mayBeUnderWay(record, error, leadership))) {
        const detail = `the patch was refused: ${explain(error)}`;
        const refused: PreferredRecord = { ...record, outcome: 'Waiting', target: '', detail };
        report.set(SECTION, refused); // Counts for this replica even if it cannot be stored.
        await this.#remember(refused, leadership);
      }
      throw error;
    }
  }

  /** A conflict comes when the operator has just written the Cluster, which is often; or when the patch was sent twice. */
  async #mayBeUnderWay({ target }: PreferredRecord, failure: unknown, { abort }: Leadership) {
    if (!isConflict(failure)) return mayBeStored(failure);
    try {
      const { status } = await this.#ports.api.get(CLUSTERS, this.#cluster, { abort });
      return status?.targetPrimary === target;
    } catch {
      return true; // Nobody knows, so it is not sent again. `failure` is told.
    }
  }

  /** What was not stored did not happen: the next step repeats it. */
  async #remember(record: PreferredRecord, leadership: Leadership): Promise<void> {
    const { report, metrics, events, follower } = this.#ports;
    const before = report.get(SECTION);
    report.set(SECTION, record);
    try {
      await report.save(leadership);
    } catch (error) {
      report.set(SECTION, before ?? null);
      throw error;
    }
    metrics.preferredPrimary.inc({ follower, outcome: record.outcome });
    events(preferredEvent(record, this.#node));
  }

  #now(): string {
    return timestamp(this.#ports.clock);
  }
}

/** Undefined when no node is preferred. */
export function createPreferredPrimary(config: CnpgConfig, ports: Ports): PreferredPrimary | undefined {
  const { preferredPrimaryNode: node } = config;
  return node === undefined ? undefined : new PreferredPrimary(config, node, ports);
}

function preferredEvent({ outcome, target, detail }: PreferredRecord, node: string): EventNote {
  switch (outcome) {
    case 'AlreadyThere':
      return {
        reason: 'PreferredPrimaryReached',
        note: `The primary runs on the preferred node ${node} already`,
      };
    case 'Moved':
      return {
        reason: 'PreferredPrimaryReached',
        note: `${target} on the preferred node ${node} is the primary now`,
      };
    case 'Moving':
      return {
        reason: 'PreferredPrimaryRequested',
        note: `Asked the operator to promote ${target} on ${node}`,
      };
    case 'Waiting':
      return {
        reason: 'PreferredPrimaryWaiting',
        note: `The primary is not moved to ${node} yet: ${detail}`,
      };
    case 'TimedOut':
      return {
        reason: 'PreferredPrimaryFailed',
        note: `${target} on ${node} did not become the primary in time: ${detail}. Look at the Cluster; nothing more is done`,
      };
  }
}

const keyOf = ({ uid, target, at }: PreferredRecord) => `${uid} ${target} ${at}`;

/** A rollout ends replicas one by one: one from before the restart may lead once more after a new one has. */
function isLater(restartedAt: string, before: string): boolean {
  return Date.parse(restartedAt) > (Date.parse(before) || 0);
}

function isInstanceOn(pod: Pod, node: string): boolean {
  return pod.spec?.nodeName === node && pod.metadata.labels?.[CNPG_LABELS.podRole] === 'instance';
}
