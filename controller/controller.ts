import { configMapName, PROGRAM, REPORT_CONFIGMAP } from '../contract/names.ts';
import { type Leadership, soleLeadership } from '../kubernetes/leadership.ts';
import { LeaseElection, type LeaseEvent } from '../kubernetes/lease.ts';
import { explain } from '../runtime/explain.ts';
import type { Config, FollowerConfig } from './config.ts';
import { runFollower } from './follower.ts';
import type { Logger } from './log.ts';
import type { ControllerPorts, FollowerPorts } from './ports.ts';
import { type FollowerView, FollowerWatch } from './report/follower-view.ts';
import { ReconcileHealth } from './report/reconcile-health.ts';
import { sharedParts } from './signals/shared-parts.ts';
import type { LastPublished } from './status/last-published.ts';
import { retryUntilSuccess, runTaskGroup } from './tasks.ts';
import { resetGauges } from './telemetry.ts';
import { ConnectionBudget } from './warm-connections.ts';
import { bySite, type PodCount, PodCounts } from './watch/pod-counts.ts';

export interface ControllerView {
  readonly identity: string;
  readonly leader: boolean;
  readonly dryRun: boolean;
  /** `problem`: why nothing is published at the moment, as the leader knows it; empty when all is well. */
  readonly followers: readonly (FollowerView & {
    readonly problem: string;
    /** Pods that asked for the sidecar, by site; under an empty name those elsewhere. Absent until they were listed. */
    readonly pods?: Readonly<Record<string, PodCount>> | undefined;
  })[];
}

/** The API server was not heard of for so long that what is shown may be old. */
const STALE_MS = 120_000;

/**
 * All of the controller except its process: under real time in main.ts, under virtual time in the simulation. It is one of
 * several replicas, each of which shows how things stand; one of them leads.
 */
export class Controller {
  readonly #config: Config;
  readonly #ports: FollowerPorts;
  readonly #listeners = new Set<() => void>();
  readonly #reconciles: ReconcileHealth;
  readonly #followers: readonly { readonly follower: FollowerConfig; readonly view: FollowerWatch }[];
  readonly #pods: PodCounts;
  #leads = false;

  constructor(config: Config, ports: ControllerPorts) {
    const changed = () => this.#changed();
    const names = config.followers.map(({ name }) => name);
    this.#config = config;
    this.#ports = {
      ...ports,
      ...sharedParts(ports, names),
      connectionBudget: new ConnectionBudget(ports.clock),
    };
    this.#reconciles = new ReconcileHealth(ports.clock, changed);
    this.#followers = config.followers.map((follower) => ({
      follower,
      view: viewOf(follower.name, config, ports, changed),
    }));
    this.#pods = new PodCounts(ports, names, changed);
  }

  /** Resolves after `abort` fires and the Lease is released. Rejects only on a defect. */
  async run(abort: AbortSignal): Promise<void> {
    await Promise.all([
      this.#elect(abort),
      this.#pods.run(abort),
      ...this.#followers.map(({ view }) => view.run(abort)),
    ]);
  }

  status(): ControllerView {
    return {
      identity: this.#ports.identity,
      leader: this.#leads,
      dryRun: this.#config.dryRun,
      followers: this.#followers.map(({ view }) => {
        const snapshot = view.snapshot();
        const nodes = this.#pods.byNode(view.name);
        return {
          ...snapshot,
          problem: this.#reconciles.problemOf(view.name),
          pods: nodes && bySite(nodes, snapshot.status?.sites ?? {}),
        };
      }),
    };
  }

  /** Calls back whenever `status()` has something new; returns how to end that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Not ok: the loop is stuck, and only a restart helps. */
  health(): { readonly ok: boolean; readonly reason: string } {
    const reason = this.#reconciles.stuck(this.#config.resyncSeconds * 1000);
    return { ok: reason === '', reason };
  }

  ready(): { readonly ok: boolean; readonly reasons: readonly string[] } {
    const age = Math.max(...this.#followers.map(({ view }) => view.age()));
    const reason = Number.isFinite(age)
      ? `the API server was last heard of ${Math.round(age / 1000)} s ago`
      : 'the status has not been read yet';
    const reasons = [...(age < STALE_MS ? [] : [reason]), ...this.#reconciles.problems];
    return { ok: reasons.length === 0, reasons };
  }

  async #elect(abort: AbortSignal): Promise<void> {
    const { dryRun, leaderElection } = this.#config;
    // A dry run must not take the Lease from a controller that works.
    if (dryRun || !leaderElection) return this.#lead(soleLeadership(abort));
    const { api, clock, random, namespace, identity, log } = this.#ports;
    const onEvent = (event: LeaseEvent) => logLeaseEvent(log, event);
    const election = new LeaseElection({ api, clock, random, namespace, name: PROGRAM, identity, onEvent });
    await election.run((leadership) => this.#lead(leadership), abort);
  }

  async #lead(leadership: Leadership): Promise<void> {
    const { log, metrics, identity, clock } = this.#ports;
    this.#leads = true;
    for (const { name } of this.#config.followers) {
      this.#reconciles.start(name);
      // Otherwise nothing would show a loop that has never succeeded.
      metrics.lastPass.set({ follower: name }, clock.now() / 1000);
    }
    metrics.leader.set(1);
    metrics.leaderTransitions.inc();
    log.info({ identity, term: leadership.term }, 'leading');
    this.#changed();
    try {
      // One of them ends by itself when another replica turns out to lead: then all have to.
      await runTaskGroup(leadership, (shared) =>
        this.#followers.map(({ follower, view }) => this.#follow(follower, view.lastPublished, shared)),
      );
    } finally {
      this.#leads = false;
      this.#reconciles.clear();
      metrics.leader.set(0);
      resetGauges(metrics);
      log.info({ identity }, 'stopped leading');
      this.#changed();
    }
  }

  /** A defect in what follows one service ends nothing of what follows the others: that one is restarted. */
  async #follow(
    follower: FollowerConfig,
    lastPublished: LastPublished,
    leadership: Leadership,
  ): Promise<void> {
    const { name } = follower;
    const onReconciled = (problem?: string) => this.#reconciles.onReconciled(name, problem);
    const options = { follower, config: this.#config, ports: this.#ports, lastPublished, onReconciled };
    const attempt = () => runFollower(options, leadership);
    await retryUntilSuccess(this.#ports, leadership, attempt, (error) => {
      this.#ports.log.error({ follower: name, err: error }, 'follower failed, restarting');
      onReconciled(`follower ${name} failed and restarts: ${explain(error)}`);
    });
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

function viewOf(name: string, config: Config, ports: ControllerPorts, onChange: () => void): FollowerWatch {
  const { namespace } = ports;
  const status = { namespace, name: configMapName(config.configMapName, name) };
  const report = { namespace, name: configMapName(REPORT_CONFIGMAP, name) };
  return new FollowerWatch(ports, name, { status, report }, onChange);
}

function logLeaseEvent(log: Logger, event: LeaseEvent): void {
  switch (event.kind) {
    case 'problem':
      log.warn({ action: event.action, err: event.error }, 'lease renewal failed, retrying');
      break;
    case 'lost':
      log.warn({ term: event.term, reason: event.reason }, 'lease lost');
      break;
    case 'holder':
      log.info({ holder: event.identity }, 'another replica leads');
      break;
    case 'acquired':
      log.info({ term: event.term }, 'lease acquired');
      break;
    case 'released':
      log.info({ term: event.term }, 'lease released');
      break;
  }
}
