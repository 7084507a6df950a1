import { configMapName, PROGRAM, REPORT_CONFIGMAP } from '../contract/names.ts';
import { type Leadership, soleLeadership } from '../kubernetes/leadership.ts';
import { LeaseElection, type LeaseEvent } from '../kubernetes/lease.ts';
import { explain } from '../runtime/explain.ts';
import type { Config, FollowerConfig } from './config.ts';
import { type FollowerPorts, runFollower, type SharedPorts } from './follower.ts';
import type { LastPublished } from './last-published.ts';
import type { Logger } from './log.ts';
import { bySite, type PodCount, PodCounts } from './pod-counts.ts';
import { RoutedPods } from './signals/follow-services/routed-pods.ts';
import { retryUntilSuccess, runTaskGroup } from './tasks.ts';
import { resetGauges } from './telemetry.ts';
import { type FollowerView, FollowerWatch } from './view.ts';

export interface Controller {
  /** Resolves after `abort` fires and the Lease is released. Rejects only on a defect. */
  run(abort: AbortSignal): Promise<void>;
  status(): ControllerView;
  /** Calls back whenever `status()` has something new; returns how to end that. */
  onChange(listener: () => void): () => void;
  /** Not ok: the loop is stuck, and only a restart helps. */
  health(): { readonly ok: boolean; readonly reason: string };
  ready(): { readonly ok: boolean; readonly reasons: readonly string[] };
}

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

/** Every call of a reconcile has a time limit, so one that takes longer than this will never end. */
const STUCK_MS = 60_000;
const STUCK_PASSES = 3;
/** The API server was not heard of for so long that what is shown may be old. */
const STALE_MS = 120_000;

/** All of the controller except its process: under real time in main.ts, under virtual time in the simulation. */
export function createController(config: Config, ports: FollowerPorts): Controller {
  const { log, metrics, identity, namespace } = ports;
  const listeners = new Set<() => void>();
  const changed = () => {
    for (const listener of listeners) listener();
  };
  let leader = false;
  /** By follower, on the monotonic clock; empty while this replica does not lead. */
  const lastPass = new Map<string, number>();
  /** By follower: why nothing is published for it, as long as that lasts. */
  const problems = new Map<string, string>();
  const onPass = (follower: string, problem = '') => {
    lastPass.set(follower, ports.clock.elapsed());
    const before = problems.get(follower) ?? '';
    if (problem === '') problems.delete(follower);
    else problems.set(follower, problem);
    if (problem !== before) changed();
  };
  const parts = config.followers.map((follower) => {
    const { name } = follower;
    const status = { namespace, name: configMapName(config.configMapName, name) };
    const report = { namespace, name: configMapName(REPORT_CONFIGMAP, name) };
    return { follower, view: new FollowerWatch(ports, name, { status, report }, changed) };
  });
  const views = parts.map(({ view }) => view);
  const names = config.followers.map(({ name }) => name);
  const pods = new PodCounts(ports, names, changed);
  const shared: SharedPorts = { ...ports, routedPods: new RoutedPods(ports, names) };

  async function lead(leadership: Leadership): Promise<void> {
    leader = true;
    for (const { name } of config.followers) {
      lastPass.set(name, ports.clock.elapsed());
      // Otherwise nothing would show a loop that has never succeeded.
      metrics.lastPass.set({ follower: name }, ports.clock.now() / 1000);
    }
    metrics.leader.set(1);
    metrics.leaderTransitions.inc();
    log.info({ identity, term: leadership.term }, 'leading');
    changed();
    try {
      // One of them ends by itself when another replica turns out to lead: then all have to.
      await runTaskGroup(leadership, (shared) =>
        parts.map(({ follower: one, view }) => follow(one, view.lastPublished, shared)),
      );
    } finally {
      leader = false;
      lastPass.clear();
      problems.clear();
      metrics.leader.set(0);
      resetGauges(metrics);
      log.info({ identity }, 'stopped leading');
      changed();
    }
  }

  /** A defect in what follows one service ends nothing of what follows the others: that one begins again. */
  async function follow(
    follower: FollowerConfig,
    lastPublished: LastPublished,
    leadership: Leadership,
  ): Promise<void> {
    const { name } = follower;
    const onFailure = (error: unknown) => {
      log.error({ follower: name, err: error }, 'follower failed, restarting');
      onPass(name, `follower ${name} failed and restarts: ${explain(error)}`);
    };
    const attempt = () =>
      runFollower(follower, config, shared, leadership, lastPublished, (problem) => onPass(name, problem));
    await retryUntilSuccess(ports, leadership, attempt, onFailure);
  }

  async function elect(abort: AbortSignal): Promise<void> {
    // A dry run must not take the Lease from a controller that works.
    if (config.dryRun || !config.leaderElection) return lead(soleLeadership(abort));
    const { api, clock, random } = ports;
    const onEvent = (event: LeaseEvent) => logLeaseEvent(log, event);
    const election = new LeaseElection({ api, clock, random, namespace, name: PROGRAM, identity, onEvent });
    await election.run(lead, abort);
  }

  return {
    async run(abort) {
      await Promise.all([elect(abort), pods.run(abort), ...views.map((view) => view.run(abort))]);
    },
    status: () => ({
      identity,
      leader,
      dryRun: config.dryRun,
      followers: views.map((view) => {
        const snapshot = view.snapshot();
        const nodes = pods.byNode(view.name);
        return {
          ...snapshot,
          problem: problems.get(view.name) ?? '',
          pods: nodes && bySite(nodes, snapshot.status?.sites ?? {}),
        };
      }),
    }),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    health() {
      const [name, last] = [...lastPass].sort(([, a], [, b]) => a - b)[0] ?? ['', ports.clock.elapsed()];
      const age = ports.clock.elapsed() - last;
      const ok = age < STUCK_PASSES * config.resyncSeconds * 1000 + STUCK_MS;
      return {
        ok,
        reason: ok ? '' : `follower ${name} has not ended a pass for ${Math.round(age / 1000)} s`,
      };
    },
    ready() {
      const age = Math.max(...views.map((view) => view.age()));
      const reason = Number.isFinite(age)
        ? `the API server was last heard of ${Math.round(age / 1000)} s ago`
        : 'the status has not been read yet';
      const reasons = [...(age < STALE_MS ? [] : [reason]), ...problems.values()];
      return { ok: reasons.length === 0, reasons };
    },
  };
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
