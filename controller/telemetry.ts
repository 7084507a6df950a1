import { HOLD_REASONS, holdReason } from '../contract/reasons.ts';
import { PHASES, type Status } from '../contract/status.ts';
import { isConflict } from '../kubernetes/errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from './log.ts';
import { type Metrics, showOneOf } from './metrics.ts';
import type { ReconcileResult, ReconcileSubscriber, StatusChange } from './reconciler.ts';
import type { SignalProgress } from './signals/worker.ts';
import type { Sites } from './sites/sites.ts';

const MOST_LOGGED = 50;

/** Log and metrics of one follower. */
export class Telemetry implements ReconcileSubscriber {
  readonly #log: Logger;
  readonly #metrics: Metrics;
  readonly #clock: Clock;
  readonly #follower: string;
  readonly #sites: Sites;

  constructor(follower: string, sites: Sites, ports: { log: Logger; metrics: Metrics; clock: Clock }) {
    this.#follower = follower;
    this.#sites = sites;
    this.#log = ports.log.child({ follower });
    this.#metrics = ports.metrics;
    this.#clock = ports.clock;
  }

  onReconciled({ ms, resolved, wrote, error }: ReconcileResult): void {
    const follower = this.#follower;
    this.#metrics.passDuration.observe({ follower }, ms / 1000);
    const failed = error !== undefined || (resolved.kind === 'unknown' && resolved.reason === 'ApiError');
    this.#metrics.passes.inc({ follower, outcome: failed ? 'failed' : 'ok' });
    if (!failed) this.#metrics.lastPass.set({ follower }, this.#clock.now() / 1000);
    if (wrote) this.#metrics.statusWrites.inc({ follower, outcome: 'written' });
    if (error === undefined) return;
    if (isConflict(error)) {
      this.#metrics.statusWrites.inc({ follower, outcome: 'conflict' });
      this.#log.info({ err: error }, 'status conflict, reconciling again');
    } else {
      this.#metrics.statusWrites.inc({ follower, outcome: 'failed' });
      this.#log.warn({ err: error }, 'reconcile failed, retrying');
    }
  }

  onStatus({ before, after, movedAt }: StatusChange): void {
    this.#gauges(after);
    const { activeSite, activeNode, primary, phase, epoch, reason } = after;
    const fields = { site: activeSite, node: activeNode, primary, phase, epoch };
    if ((before?.activeSite ?? '') !== activeSite) {
      // At the very first site nothing moved: the primary has been there for who knows how long.
      const followedMs = before?.activeSite ? this.#followedMs(movedAt) : undefined;
      if (followedMs !== undefined) {
        this.#metrics.followDuration.observe({ follower: this.#follower }, followedMs / 1000);
      }
      this.#log.info({ ...fields, from: before?.activeSite ?? '', followedMs }, 'active site changed');
    } else if (holdReason(after) !== undefined) {
      this.#log.warn({ ...fields, reason }, 'holding the last site');
    } else {
      this.#log.info({ ...fields, reason }, 'status changed');
    }
  }

  signal({ signal, outcome, failures, error }: SignalProgress): void {
    const labels = { follower: this.#follower, signal };
    this.#metrics.signalApplications.inc({ ...labels, outcome });
    this.#metrics.signalFailures.set(labels, failures);
    if (failures === 0) this.#metrics.signalBehindSince.set(labels, 0);
    if (failures === 1) this.#metrics.signalBehindSince.set(labels, this.#clock.now() / 1000);
    if (outcome === 'failed') this.#log.warn({ signal, failures, err: error }, 'signal failed, retrying');
  }

  kept(nodes: readonly string[]): void {
    this.#log.warn(
      { nodes: nodes.slice(0, MOST_LOGGED), count: nodes.length },
      'nodes kept in their last site',
    );
  }

  problem(message: string, error: unknown): void {
    this.#log.warn({ err: error }, message);
  }

  /** Clock skew between the operator's node and this one can make it negative: then nothing is known. */
  #followedMs(movedAt: string | undefined): number | undefined {
    const ms = movedAt === undefined ? Number.NaN : this.#clock.now() - Date.parse(movedAt);
    return ms >= 0 ? Math.round(ms) : undefined;
  }

  #gauges(status: Status): void {
    const follower = this.#follower;
    this.#metrics.epoch.set({ follower }, status.epoch);
    const names = this.#sites.all.map(({ name }) => name);
    showOneOf(this.#metrics.phase, { follower }, 'phase', PHASES, status.phase);
    showOneOf(this.#metrics.activeSite, { follower }, 'site', names, status.activeSite);
    showOneOf(this.#metrics.held, { follower }, 'reason', Object.keys(HOLD_REASONS), holdReason(status));
  }
}

/** A replica that does not lead any more cannot know how things stand: the next leader shows it. */
export function resetGauges(metrics: Metrics): void {
  const { phase, activeSite, epoch, held, lastPass } = metrics;
  const {
    signalFailures,
    signalBehindSince,
    dnsRecords,
    copies,
    notificationsWaiting,
    notificationsDropped,
    followedServices,
  } = metrics;
  for (const gauge of [phase, activeSite, epoch, held, lastPass]) gauge.reset();
  for (const gauge of [signalFailures, signalBehindSince, dnsRecords, copies]) gauge.reset();
  for (const gauge of [notificationsWaiting, notificationsDropped, followedServices]) gauge.reset();
}
