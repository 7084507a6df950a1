import { transitionTo } from '../contract/history.ts';
import { configMapName, PROGRAM, REPORT_CONFIGMAP } from '../contract/names.ts';
import { asSites, decodeStatus, type Status } from '../contract/status.ts';
import { EventRecorder } from '../kubernetes/events.ts';
import type { Leadership } from '../kubernetes/leadership.ts';
import { whenPutBack } from '../kubernetes/put-back.ts';
import { explain } from '../runtime/explain.ts';
import { RIGHTS_SECTION } from '../runtime/rights.ts';
import { Wakeup } from '../runtime/wakeup.ts';
import { claimsOf } from './cluster-claims.ts';
import type { Config, FollowerConfig } from './config.ts';
import { EVENT_REASONS } from './event-reasons.ts';
import { type EventSink, eventsOf } from './event-rules.ts';
import { FencedConfigMap } from './fenced-config-map.ts';
import { type LastPublished, siteAfter } from './last-published.ts';
import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';
import { Reconciler, type ReconcilerObserver } from './reconciler.ts';
import type { WatchPorts } from './reflect.ts';
import { Report } from './report.ts';
import { rightsOf } from './rights.ts';
import type { SignalPorts } from './signals/ports.ts';
import { createSignals } from './signals/registry.ts';
import type { Signal } from './signals/signal.ts';
import { SignalWorker } from './signals/worker.ts';
import { SITES_SECTION, siteNodes } from './site-nodes.ts';
import { Sites } from './sites.ts';
import { StatusFirst } from './status-first.ts';
import { retryUntilSuccess, runTaskGroup } from './tasks.ts';
import { Telemetry } from './telemetry.ts';
import { createTrigger, ownClusterOf, subjectOfTrigger } from './triggers/registry.ts';
import type { MemoryStore, Trigger } from './triggers/trigger.ts';

/** What the controller needs of the world. All of it is simulated in test/simulation. */
export interface FollowerPorts
  extends WatchPorts,
    Pick<SignalPorts, 'createProvider' | 'lookup' | 'turns' | 'post'> {
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Of this replica: the pod's name. */
  readonly identity: string;
  /** Of the controller's own objects. */
  readonly namespace: string;
  /** The `kubectl.kubernetes.io/restartedAt` of this pod; empty when it has none. */
  readonly restartedAt: string;
}

/** A burst of watch events costs one reconcile now and one this much later. */
const MIN_GAP_MS = 25;
/** What moves the traffic by one write is sent first: until then nothing else takes connections and processors from it. */
const OTHERS_AFTER_MS = 20;
const EVENTS_AFTER_MS = 50;
/** Calls that a move may need at once, beside those of a look. */
const CONNECTIONS = 12;
/** They stay open for longer; a service that is about to move again and again costs no more of them. */
const OPEN_FOR_MS = 10_000;
/** A single pass fails when somebody else writes at the same time, or the server restarts. */
const LASTING_FAILURE = 3;
/** Of nodes in one Event: its note has 1,024 characters at most. */
const MOST_NAMED = 5;

/** Everything that follows one service, while this replica leads. */
export async function runFollower(
  follower: FollowerConfig,
  config: Config,
  ports: FollowerPorts,
  leadership: Leadership,
  lastPublished: LastPublished,
  onPass: (problem?: string) => void,
): Promise<void> {
  const { api, clock, random, namespace } = ports;
  const { name } = follower;
  const sites = new Sites(follower.sites, ownClusterOf(follower.trigger));
  const telemetry = new Telemetry(name, sites, ports);
  const statusMap = { namespace, name: configMapName(config.configMapName, name) };
  const status = new FencedConfigMap(api, statusMap, 'status', name);
  const reportMap = { namespace, name: configMapName(REPORT_CONFIGMAP, name) };
  const report = new Report(new FencedConfigMap(api, reportMap, 'report', name), clock, (error) =>
    telemetry.problem('report could not be written, retrying', error),
  );
  await retryUntilSuccess(
    ports,
    leadership,
    () => report.load(leadership),
    (error) => {
      onPass();
      telemetry.problem('report could not be read, retrying', error);
    },
  );
  if (leadership.signal.aborted) return;

  const events = config.dryRun ? () => undefined : eventsOn(status, ports);
  const wakeup = new Wakeup(clock, MIN_GAP_MS);
  const remembered = () => asSites(report.get(SITES_SECTION));
  const lastSites = async (signal: AbortSignal): Promise<Status['sites']> =>
    remembered() ?? decodeStatus((await status.read(signal)).data)?.sites ?? {};
  const claims = sites.own && claimsOf(sites.own, name, report, wakeup.notify);
  const trigger = createTrigger(follower.trigger, {
    ...ports,
    follower: name,
    sites,
    ...(claims !== undefined && { claims }),
    lastSites,
    siteSinceReport: () => siteAfter(report.history.at(-1), lastPublished.status),
    statusMap,
    events,
    report: config.dryRun ? unsaved(report) : report,
  });
  if (!config.dryRun)
    report.set(RIGHTS_SECTION, rightsOf(follower, { namespace, configMapName: config.configMapName }));
  const nodes = siteNodes(ports, sites, {
    onChange: wakeup.notify,
    onKept(notes) {
      telemetry.kept(notes);
      const more = notes.length > MOST_NAMED ? `; ${notes.length - MOST_NAMED} more` : '';
      const note = `${notes.slice(0, MOST_NAMED).join('; ')}${more}, until one site alone claims it or it is deleted`;
      events({ reason: 'NodeKept', note });
    },
    onFailure: (error) => telemetry.problem('pods of a kept node could not be listed, retrying', error),
  });
  const stored = new StatusFirst(api, clock);
  const signals = config.dryRun
    ? []
    : [
        ...(await createSignals(follower, {
          ...ports,
          api: stored,
          statusMap,
          sites,
          ...(claims !== undefined && { claims }),
          subject: subjectOfTrigger(follower.trigger),
          events,
          report,
        })),
        ...preferredPrimarySignal(trigger, config),
      ];
  const workerOf = (signal: Signal) =>
    new SignalWorker(signal, { clock, random, onProgress: (progress) => telemetry.signal(progress) });
  const first = signals.filter(({ isFirst }) => isFirst === true).map(workerOf);
  const others = signals.filter(({ isFirst }) => isFirst !== true).map(workerOf);

  let failedPasses = 0;
  let isMoving = false;
  let openedAt = Number.NEGATIVE_INFINITY;
  const observer: ReconcilerObserver = {
    onReconciled(pass) {
      const wasMoving = isMoving;
      isMoving = pass.resolved.movingTo !== undefined;
      if (isMoving && !wasMoving && clock.elapsed() - openedAt >= OPEN_FOR_MS) {
        openedAt = clock.elapsed();
        openConnections(status, leadership);
      }
      failedPasses = pass.error === undefined ? 0 : failedPasses + 1;
      if (pass.error === undefined) stored.onStored(pass.putBack);
      const problem =
        failedPasses < LASTING_FAILURE ? undefined : `no status is published: ${explain(pass.error)}`;
      onPass(problem);
      telemetry.pass(pass);
      if (problem !== undefined) events({ reason: 'StatusNotWritten', note: `${problem}. Retrying` });
    },
    onStatus(change) {
      const { before, after, movedAt } = change;
      report.set(SITES_SECTION, after.sites);
      telemetry.status(change);
      const isNew = before?.epoch !== after.epoch;
      const transition = transitionTo(after, report.history.at(-1), isNew ? movedAt : undefined);
      if (transition !== undefined) report.addTransition(transition);
      const state = { follower: name, status: after, site: sites.named(after.activeSite) };
      for (const worker of first) worker.publish(state);
      clock.after(first.length > 0 ? OTHERS_AFTER_MS : 0, () => {
        for (const worker of others) worker.publish(state);
      });
      clock.after(EVENTS_AFTER_MS, () => {
        for (const event of eventsOf(before, after)) events(event);
      });
    },
  };
  const loop = new Reconciler({
    api,
    clock,
    random,
    trigger,
    sites,
    nodesBySite: (known) => nodes.bySite(known),
    status,
    lastTransition: () => report.history.at(-1),
    lastSites: remembered,
    lastPublished,
    resyncMs: config.resyncSeconds * 1000,
    dryRun: config.dryRun,
    wakeup,
    observer,
  });
  whenPutBack(
    api,
    () => {
      wakeup.notify();
      report.checkSoon();
    },
    leadership.signal,
  );
  await runTaskGroup(leadership, (shared) => [
    loop.run(shared),
    nodes.run(shared.signal),
    ...(config.dryRun ? [] : [report.run(shared)]),
    ...[...first, ...others].map((worker) => worker.run(shared)),
  ]);
}

/**
 * The service is about to move, and a moment later many calls are made at once. Each needs a connection of its own, and
 * a TLS handshake takes as long as a call: so they are opened now, by reads of what may be read anyway.
 */
function openConnections(status: FencedConfigMap, { signal }: Leadership): void {
  for (let count = 0; count < CONNECTIONS; count += 1) {
    // What is wrong with the API server is told by the calls that need an answer.
    status.read(signal).catch(() => undefined);
  }
}

function eventsOn(status: FencedConfigMap, ports: FollowerPorts): EventSink {
  const { api, clock, random, identity, log, metrics } = ports;
  const recorder = new EventRecorder({
    api,
    clock,
    random,
    reportingController: PROGRAM,
    reportingInstance: identity,
    onDropped(event, error) {
      metrics.eventsDropped.inc();
      log.warn({ reason: event.reason, err: error }, 'Event could not be written');
    },
  });
  return ({ reason, note }) => {
    const { type, action } = EVENT_REASONS[reason];
    recorder.record({ type, action, reason, note, regarding: status.reference });
  };
}

/** For a dry run, which writes nothing. */
function unsaved(report: Report): MemoryStore {
  return {
    get: (section) => report.get(section),
    set: (section, value) => report.set(section, value),
    save: () => Promise.resolve(),
  };
}

/** A trigger that moves its service runs like a signal: by itself, with back-off, beside the loop. */
function preferredPrimarySignal(trigger: Trigger, config: Config): Signal[] {
  if (trigger.reconcilePreferredPrimary === undefined) return [];
  const resyncMs = config.resyncSeconds * 1000;
  const apply: Signal['apply'] = async (_state, leadership) =>
    trigger.reconcilePreferredPrimary?.(leadership);
  return [{ name: 'preferred-primary', resyncMs, apply }];
}
