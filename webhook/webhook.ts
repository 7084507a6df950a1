import { PROGRAM } from '../contract/names.ts';
import { closeServer, createBoundedServer, portOf } from '../http/server.ts';
import { listenAt, READER_LIMITS, readerApplication } from '../http/serving.ts';
import type { KubeApi } from '../kubernetes/api.ts';
import { KubeError } from '../kubernetes/errors.ts';
import { type EventNote, EventRecorder } from '../kubernetes/events.ts';
import { LeaseElection } from '../kubernetes/lease.ts';
import { NamespaceBudget } from '../kubernetes/namespace-budget.ts';
import type { OnReflectorProblem } from '../kubernetes/reflector.ts';
import { aborted, type Clock, type Random } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import { Callers } from './callers.ts';
import { CertificateManager } from './certificates/manager.ts';
import { MountedCertificate } from './certificates/mounted.ts';
import { ServedCertificate } from './certificates/served.ts';
import type { InjectorConfig } from './config.ts';
import { REVIEW_PATH } from './configuration.ts';
import { LimitRanges } from './limit-ranges.ts';
import type { Metrics } from './metrics.ts';
import { recordEvent, reportOutcome } from './outcomes.ts';
import { InjectionReviewer } from './reviewer.ts';
import { WEBHOOK_LEASE } from './rights.ts';
import { isServed } from './served-namespaces.ts';
import { startAdmissionServer } from './server.ts';
import { watchActiveSites } from './services/active-sites.ts';
import type { WebhookSettings } from './settings.ts';
import { InjectionWatchdog } from './watchdog.ts';

export interface WebhookPorts {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Unique to this process. */
  readonly identity: string;
  /** Of the release. */
  readonly namespace: string;
}

/** See Lifetimes.settleMs. */
const SETTLE_MS = 2_000;
const MAX_HTTP_CONNECTIONS = 64;
const HTTP_DRAIN_MS = 1_000;

/** Serves until `abort` fires and all connections are closed. */
export async function runWebhook(
  injector: InjectorConfig,
  settings: WebhookSettings,
  ports: WebhookPorts,
  abort: AbortSignal,
): Promise<void> {
  const { api, clock, random, log, metrics, identity, namespace } = ports;
  const events = new EventRecorder({
    api,
    clock,
    random,
    reportingController: `${PROGRAM}-webhook`,
    reportingInstance: identity,
    onDropped(event, err) {
      metrics.eventsDropped.inc();
      // Anything else means that the queue is full: logging each event would add to the burst.
      if (err instanceof KubeError) log.warn({ reason: event.reason, err }, 'Event could not be written');
    },
  });
  const onWatchProblem: OnReflectorProblem = (kind, err, resource) =>
    log.info({ resource, kind, err }, 'watch closed, reconnecting');
  const sites = watchActiveSites({
    api,
    clock,
    random,
    namespace,
    configMapName: injector.configMapName,
    followers: settings.followers,
    movingNone: settings.movingNone,
    followed: settings.followed,
    onProblem: onWatchProblem,
  });
  const limits = new LimitRanges({ api, clock, random, onProblem: onWatchProblem });
  const budget = new NamespaceBudget(clock);
  const record = (event: EventNote) => events.record(event);
  const mayTell = (at: string) => isServed(at, namespace, served.configuration) && budget.take(at);
  const reviewer = new InjectionReviewer({
    config: injector,
    active: sites.active,
    followed: sites.followed,
    limits: limits.of,
    clock,
    report: (judged) => reportOutcome(judged, metrics, { record, mayTell }),
  });
  const callers = settings.callers && new Callers(settings.callers);
  await callers?.load();
  const admission = await startAdmissionServer(
    {
      callers,
      port: settings.port,
      path: REVIEW_PATH,
      reviewer,
      clock,
      log,
      lingerMs: settings.lingerMs,
      onAnswer: (seconds) => metrics.reviewDuration.observe(seconds),
      onRefused: (status) => metrics.refusedRequests.inc({ status }),
    },
    abort,
  );
  const { configuration, service, certificateFolder } = settings;
  const names = [
    `${service}.${namespace}.svc`,
    `${service}.${namespace}.svc.cluster.local`,
    ...settings.names,
  ];
  const common = { api, clock, random, log, configuration, names, onWatchProblem };
  const served = new ServedCertificate({
    ...common,
    settleMs: SETTLE_MS,
    onLeaf: (leaf) => admission.use(leaf),
  });
  const certificates =
    certificateFolder === undefined
      ? new CertificateManager({
          ...common,
          served,
          secret: { namespace, name: settings.secretName },
          lifetimes: { leafMs: settings.leafMs, authorityMs: settings.authorityMs, settleMs: SETTLE_MS },
          onStep: (step) => metrics.certificateSteps.inc({ step }),
          onMissing: ({ message }) =>
            recordEvent(events, 'CertificateSecretMissing', message, {
              apiVersion: 'v1',
              kind: 'Secret',
              namespace,
              name: settings.secretName,
            }),
        })
      : new MountedCertificate({ clock, log, names, served, folder: certificateFolder });
  const notReady = () => (abort.aborted ? ['stopping'] : served.notReady());
  const http = createBoundedServer(
    { ...READER_LIMITS, maxConnections: MAX_HTTP_CONNECTIONS },
    readerApplication(
      {
        health: () => ({ ok: true, reason: '' }),
        ready: () => {
          const reasons = notReady();
          return { ok: reasons.length === 0, reasons };
        },
        metrics() {
          metrics.ready.set(notReady().length === 0 ? 1 : 0);
          metrics.connections.set(admission.connections);
          metrics.certificateExpiry.set((served.until ?? 0) / 1_000);
          return metrics.expose();
        },
      },
      { clock, log, hosts: [`${settings.service}.${namespace}`] },
      abort,
    ),
  );
  await listenAt(http, settings.httpPort, 'HTTP_PORT');
  log.info({ port: admission.port, httpPort: portOf(http) }, 'serving');

  const watchdog = new InjectionWatchdog({
    api,
    clock,
    random,
    log,
    metrics,
    events,
    namespace,
    followed: sites.followed,
  });
  const election = new LeaseElection({
    api,
    clock,
    random,
    namespace,
    name: WEBHOOK_LEASE,
    identity,
    onEvent(event) {
      if (event.kind === 'problem') {
        log.warn({ action: event.action, err: event.error }, 'lease renewal failed, retrying');
      } else log.info({ lease: event }, 'lease changed');
    },
  });
  await Promise.all([
    certificates.run(abort),
    sites.run(abort),
    limits.run(abort),
    callers?.follow(clock, log, abort),
    election.run((leadership) => watchdog.run(leadership), abort),
    admission.closed,
    aborted(abort),
  ]);
  reviewer.stop();
  // Served until here, so that the kubelet sees that it is not ready.
  await closeServer(http, clock, HTTP_DRAIN_MS);
  await events.flush();
}
