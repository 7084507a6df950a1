import { setTimeout as delay } from 'node:timers/promises';
import { PENDING } from '../../cnpg/cluster.ts';
import { explain } from '../../runtime/explain.ts';
import { type CnpgCluster, condition, microseconds, settled } from './cnpg.ts';

/** How long each part of a move lasts, in milliseconds. */
export interface OperatorTimings {
  /** Until the old primary has shut down. */
  readonly demoteMs: number;
  /** From there until the new primary says that it is one. */
  readonly promoteMs: number;
  /** From there until the pods' labels follow. */
  readonly relabelMs: number;
  /** From there until the Cluster is healthy again. */
  readonly settleMs: number;
}

export const INSTANT: OperatorTimings = { demoteMs: 0, promoteMs: 0, relabelMs: 0, settleMs: 0 };

/** When `currentPrimary` was changed: performance.now() before the write was sent and after it was accepted. */
export interface Move {
  readonly from: string;
  readonly to: string;
  readonly sentAt: number;
  readonly acceptedAt: number;
}

export interface MoveOptions {
  /** Called at once when `currentPrimary` has changed; the labels and the rest follow later. */
  readonly onMoved?: (move: Move) => void;
}

const POLL_MS = 100;

/**
 * A fake for the CloudNativePG operator and its instance managers: it writes what they write, in their order.
 * It leaves out everything that needs PostgreSQL: there is no replication, no Lease, no fencing, no quorum.
 */
export class CnpgOperator {
  readonly #cluster: CnpgCluster;
  readonly #timings: OperatorTimings;
  #busy = false;

  constructor(cluster: CnpgCluster, timings: OperatorTimings = INSTANT) {
    this.#cluster = cluster;
    this.#timings = timings;
  }

  /** A planned move, as `kubectl cnpg promote` begins it. Resolves when the Cluster is healthy again. */
  switchover(to: string, options: MoveOptions = {}): Promise<Move> {
    return this.#alone(async (from) => {
      await this.#cluster.setStatus({
        targetPrimary: to,
        targetPrimaryTimestamp: microseconds(),
        phase: 'Switchover in progress',
        phaseReason: `Switching over to ${to}`,
        conditions: [condition('Ready', false)],
      });
      return this.#complete(from, to, options);
    });
  }

  /** The old primary has died. Resolves when the Cluster is healthy again, with the old primary as a replica. */
  failover(to: string, options: MoveOptions = {}): Promise<Move> {
    return this.#alone(async (from) => {
      await this.#cluster.setReady(from, false);
      await this.#cluster.setStatus({
        targetPrimary: PENDING,
        targetPrimaryTimestamp: microseconds(),
        phase: 'Failing over',
        phaseReason: `Initiating a failover from ${from}`,
        conditions: [condition('Ready', false)],
      });
      await this.#cluster.setRole(from, 'unhealthy');
      await delay(this.#timings.demoteMs);
      await this.#cluster.setStatus({
        targetPrimary: to,
        targetPrimaryTimestamp: microseconds(),
        phaseReason: `Failing over from ${from} to ${to}`,
      });
      return this.#promote(from, to, options);
    });
  }

  /** Completes the switchovers that others begin by writing `targetPrimary`, until `abort` fires. */
  async obey(abort: AbortSignal, onProblem: (text: string) => void): Promise<void> {
    while (!abort.aborted) {
      try {
        if (!this.#busy) await this.#obeyOnce();
      } catch (error) {
        onProblem(`The fake operator failed, retrying: ${explain(error)}`);
      }
      await delay(POLL_MS, undefined, { signal: abort }).catch(() => undefined); // Aborted: the loop's condition sees it.
    }
  }

  async #obeyOnce(): Promise<void> {
    const { currentPrimary = '', targetPrimary = '' } = (await this.#cluster.get()).status ?? {};
    if ([currentPrimary, targetPrimary].some((name) => name === '' || name === PENDING)) return;
    if (currentPrimary === targetPrimary || this.#busy) return;
    await this.#alone((from) => this.#complete(from, targetPrimary, {}));
  }

  async #alone(move: (from: string) => Promise<Move>): Promise<Move> {
    if (this.#busy) throw new Error('A move is under way; the operator does one at a time');
    this.#busy = true;
    try {
      return await move((await this.#cluster.get()).status?.currentPrimary ?? '');
    } finally {
      this.#busy = false;
    }
  }

  async #complete(from: string, to: string, options: MoveOptions): Promise<Move> {
    await this.#cluster.setRole(from, 'unhealthy');
    await delay(this.#timings.demoteMs);
    return this.#promote(from, to, options);
  }

  async #promote(from: string, to: string, { onMoved }: MoveOptions): Promise<Move> {
    await delay(this.#timings.promoteMs);
    const { timelineID = 1, instancesReportedState = {} } = (await this.#cluster.get()).status ?? {};
    const timeline = timelineID + 1;
    const sentAt = performance.now();
    await this.#cluster.setStatus({ currentPrimary: to, currentPrimaryTimestamp: microseconds() });
    const move = { from, to, sentAt, acceptedAt: performance.now() };
    onMoved?.(move);
    await delay(this.#timings.relabelMs);
    await this.#cluster.setRole(to, 'primary');
    await this.#cluster.setRole(from, 'replica');
    await delay(this.#timings.settleMs);
    await this.#cluster.setReady(from, true);
    const names = Object.keys(instancesReportedState);
    await this.#cluster.setStatus({
      ...settled(names.length),
      timelineID: timeline,
      instancesReportedState: Object.fromEntries(
        names.map((name) => [name, { isPrimary: name === to, timeLineID: timeline }]),
      ),
    });
    return move;
  }
}
