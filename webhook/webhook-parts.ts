/** What the webhook is made of. */
import type { Server } from 'node:http';
import { PROGRAM } from '../contract/names.ts';
import { type BoundedServer, createBoundedServer } from '../http/server.ts';
import { READER_LIMITS, readerApplication } from '../http/serving.ts';
import type { KubeApi } from '../kubernetes/api.ts';
import { KubeError } from '../kubernetes/errors.ts';
import { EventRecorder } from '../kubernetes/events.ts';
import { LeaseElection } from '../kubernetes/lease.ts';
import { NamespaceBudget } from '../kubernetes/namespace-budget.ts';
import type { Watching } from '../kubernetes/reflector.ts';
import type { MutatingWebhookConfiguration } from '../kubernetes/resources.ts';
import type { Clock, Random } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import { Callers } from './callers.ts';
import type { Pair } from './certificates/authority.ts';
import { CertificateManager } from './certificates/manager.ts';
import { MountedCertificate } from './certificates/mounted.ts';
import { ServedCertificate } from './certificates/served.ts';
import { InjectionWatchdog } from './injection-watchdog.ts';
import type { InjectorConfig } from './injector-config.ts';
import { LimitRanges } from './limit-ranges.ts';
import type { Metrics } from './metrics.ts';
import { recordEvent, reportOutcome } from './outcomes.ts';
import { InjectionReviewer } from './reviewer.ts';
import { WEBHOOK_LEASE } from './rights.ts';
import { isServed } from './served-namespaces.ts';
import { type AdmissionServer, startAdmissionServer } from './server.ts';
import { watchActiveSites } from './services/active-sites.ts';
import type { WebhookSettings } from './settings.ts';
import { REVIEW_PATH } from './webhook-configuration.ts';

export interface WebhookOptions {
  readonly injector: InjectorConfig;
  readonly settings: WebhookSettings;
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

export interface WebhookParts extends WebhookOptions {
  readonly events: EventRecorder;
  readonly sites: ReturnType<typeof watchActiveSites>;
  readonly limits: LimitRanges;
  readonly callers: Callers | undefined;
  readonly watching: Watching;
}

/** See Lifetimes.settleMs. */
const SETTLE_MS = 2_000;
const MAX_HTTP_CONNECTIONS = 64;

/** What all parts share. Nothing of it is at work yet. */
export function prepareParts(options: WebhookOptions): WebhookParts {
  const { injector, settings, api, clock, random, log, namespace } = options;
  const { followers, movingNone, followed, callers } = settings;
  const { configMapName } = injector;
  const watching: Watching = {
    api,
    clock,
    random,
    onProblem: (kind, err, resource) => log.info({ resource, kind, err }, 'watch closed, reconnecting'),
  };
  return {
    ...options,
    events: eventsOf(options),
    sites: watchActiveSites({ ...watching, namespace, configMapName, followers, movingNone, followed }),
    limits: new LimitRanges(watching),
    callers: callers && new Callers(callers),
    watching,
  };
}

function eventsOf({ api, clock, random, log, metrics, identity }: WebhookOptions): EventRecorder {
  return new EventRecorder({
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
}

/** `configuration`: the one that the API server has now. */
export function reviewerOf(
  { injector, clock, metrics, namespace, events, sites, limits }: WebhookParts,
  configuration: () => MutatingWebhookConfiguration | undefined,
): InjectionReviewer {
  const budget = new NamespaceBudget(clock);
  const sink = {
    record: events.record.bind(events),
    mayTell: (at: string) => isServed(at, namespace, configuration()) && budget.take(at),
  };
  return new InjectionReviewer({
    config: injector,
    active: sites.active,
    followed: sites.followed,
    limits: limits.of,
    clock,
    report: (judged) => reportOutcome(judged, metrics, sink),
  });
}

/** Rejects if the port is taken. */
export function serveReviews(
  { callers, settings, clock, log, metrics }: WebhookParts,
  reviewer: InjectionReviewer,
  abort: AbortSignal,
): Promise<AdmissionServer> {
  return startAdmissionServer(
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
}

export function servedCertificateOf(parts: WebhookParts, admission: AdmissionServer): ServedCertificate {
  const { configuration } = parts.settings;
  const onLeaf = (leaf: Pair) => admission.use(leaf);
  return new ServedCertificate({
    ...parts,
    configuration,
    names: namesOf(parts),
    settleMs: SETTLE_MS,
    onLeaf,
  });
}

/** What provides the certificate: this program itself, or who writes the mounted files. */
export function certificatesOf(
  parts: WebhookParts,
  served: ServedCertificate,
): CertificateManager | MountedCertificate {
  const { settings, metrics, namespace, events } = parts;
  const { certificateFolder: folder, configuration, secretName: name, leafMs, authorityMs } = settings;
  const names = namesOf(parts);
  if (folder !== undefined) return new MountedCertificate({ ...parts, names, served, folder });
  return new CertificateManager({
    ...parts,
    configuration,
    names,
    served,
    secret: { namespace, name },
    lifetimes: { leafMs, authorityMs, settleMs: SETTLE_MS },
    onStep: (step) => metrics.certificateSteps.inc({ step }),
    onMissing: ({ message }) =>
      recordEvent(events, 'CertificateSecretMissing', message, {
        apiVersion: 'v1',
        kind: 'Secret',
        namespace,
        name,
      }),
  });
}

function namesOf({ settings: { service, names }, namespace }: WebhookOptions): readonly string[] {
  return [`${service}.${namespace}.svc`, `${service}.${namespace}.svc.cluster.local`, ...names];
}

/** For the kubelet and those who read metrics. */
export function readersServer(
  { settings, clock, log, metrics, namespace }: WebhookParts,
  admission: AdmissionServer,
  served: ServedCertificate,
  abort: AbortSignal,
): BoundedServer<Server> {
  const notReady = () => (abort.aborted ? ['stopping'] : served.notReady());
  const answers = {
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
  };
  const hosts = [`${settings.service}.${namespace}`];
  return createBoundedServer(
    { ...READER_LIMITS, maxConnections: MAX_HTTP_CONNECTIONS },
    readerApplication(answers, { clock, log, hosts }, abort),
  );
}

/** One replica at a time looks for pods without the sidecar that they ask for. */
export async function runWatchdog(parts: WebhookParts, abort: AbortSignal): Promise<void> {
  const { log, sites } = parts;
  const watchdog = new InjectionWatchdog({ ...parts, followed: sites.followed });
  const election = new LeaseElection({
    ...parts,
    name: WEBHOOK_LEASE,
    onEvent(event) {
      if (event.kind === 'problem') {
        log.warn({ action: event.action, err: event.error }, 'lease renewal failed, retrying');
      } else log.info({ lease: event }, 'lease changed');
    },
  });
  await election.run((leadership) => watchdog.run(leadership), abort);
}
