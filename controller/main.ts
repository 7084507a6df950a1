import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { ANNOTATIONS } from '../contract/names.ts';
import { VERSION } from '../contract/version.ts';
import { CallLimiters } from '../dns/calls/call-limiter.ts';
import { authoritativeLookup } from '../dns/records/authoritative.ts';
import { createProvider } from '../dns/registry.ts';
import { ZoneLocks } from '../dns/zones/zone-locks.ts';
import type { KubeApi } from '../kubernetes/api.ts';
import { connect } from '../kubernetes/client.ts';
import { ignoreNotFound } from '../kubernetes/errors.ts';
import type { ApiCall } from '../kubernetes/exchange.ts';
import { loadKube } from '../kubernetes/kube-config.ts';
import { PODS } from '../kubernetes/resources.ts';
import { httpPost } from '../notify/post.ts';
import { systemClock as clock } from '../runtime/clock.ts';
import { outboundDispatcher } from '../runtime/outbound/dispatcher.ts';
import { runProcess, WRONG_CONFIGURATION } from '../runtime/process.ts';
import { type Config, describeConfig, formatProblems, loadConfig } from './config.ts';
import { Controller } from './controller.ts';
import { startHttp } from './http.ts';
import { createLog, type Logger } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { renderPage } from './page/page.ts';
import { httpAskPeer } from './peers/ask.ts';
import { Peers } from './peers/peers.ts';
import type { WatchPorts } from './watch/reflect.ts';

await main();

async function main(): Promise<void> {
  const loaded = loadConfig(process.env, (path) => readFileSync(path, 'utf8'));
  if (!loaded.ok) {
    process.stderr.write(`${formatProblems(loaded.problems)}\n`);
    process.exitCode = WRONG_CONFIGURATION;
    return;
  }
  const { value: config } = loaded;
  const log = createLog({ level: config.logLevel });
  await runProcess(log, (abort) => runUntilStopped(config, log, abort));
}

async function runUntilStopped(config: Config, log: Logger, abort: AbortSignal): Promise<void> {
  const metrics = createMetrics(VERSION);
  const { kubeConfig, namespace: context, source } = loadKube(process.env);
  const namespace = config.namespace ?? context ?? 'default';
  const podName = config.podName ?? hostname();
  log.info(
    { version: VERSION, node: process.version, namespace, kubernetes: source, ...describeConfig(config) },
    'starting',
  );
  const api = connect({ kubeConfig, clock, onCall: (call) => countCall(metrics, call) });
  const proxies = {
    ...config.proxy,
    https: config.proxy.https?.reveal(),
    http: config.proxy.http?.reveal(),
  };
  const internet = outboundDispatcher(proxies, { keepAliveTimeout: 10_000 });
  const limiters = new CallLimiters(clock);
  const outbox = httpPost(clock, { proxies });
  const peers = new Peers(config.peers, { ask: httpAskPeer(clock, internet), clock, log });
  const controller = new Controller(config, {
    api,
    clock,
    random: Math.random,
    log,
    metrics,
    // A process trusts what its own name wrote, so a restarted container needs another name.
    identity: `${podName}_${randomUUID().slice(0, 8)}`,
    namespace,
    restartedAt: await restartedAt(api, { name: podName, namespace }, log),
    lookup: authoritativeLookup(clock),
    locks: new ZoneLocks(),
    post: outbox.post,
    peers,
    createProvider: (dns, ports) => createProvider(dns, { ...ports, dispatcher: internet, limiters }),
    ...watchReports(metrics, log),
  });
  const http = await serve(config, { controller, peers, metrics }, log, abort);
  await Promise.all([controller.run(abort), peers.run(abort)]);
  await http.closed;
  await Promise.all([api.close(), internet.close(), outbox.close()]);
}

function countCall(metrics: Metrics, { method: verb, resource, status, ms }: ApiCall): void {
  metrics.kubeCalls.inc({ verb, resource, status });
  metrics.kubeCallDuration.observe({ verb }, ms / 1000);
}

function watchReports(
  metrics: Metrics,
  log: Logger,
): Required<Pick<WatchPorts, 'onWatchList' | 'onWatchProblem'>> {
  return {
    onWatchList(resource, missed) {
      metrics.reflectorLists.inc({ resource });
      metrics.reflectorMissed.inc({ resource }, missed);
    },
    onWatchProblem(resource, kind, error) {
      metrics.reflectorProblems.inc({ resource, kind });
      log.info({ resource, kind, err: error }, 'watch closed, reconnecting');
    },
  };
}

async function serve(
  config: Config,
  { controller, peers, metrics }: { controller: Controller; peers: Peers; metrics: Metrics },
  log: Logger,
  abort: AbortSignal,
) {
  const view = () => peers.beside(controller.status());
  const http = await startHttp(
    {
      port: config.httpPort,
      hosts: config.httpHosts,
      clock,
      log,
      sources: {
        health: () => controller.health(),
        ready: () => controller.ready(),
        status: view,
        page: () => renderPage(view(), clock.now()),
        onChange: (listener) => {
          const ends = [controller.onChange(listener), peers.onChange(listener)];
          return () => {
            for (const end of ends) end();
          };
        },
        metrics: () => metrics.expose(),
      },
    },
    abort,
  );
  log.info({ port: http.port }, 'serving');
  return http;
}

/** When `kubectl rollout restart` was last used on us; empty outside a cluster, or when it never was. */
async function restartedAt(
  api: KubeApi,
  pod: { name: string; namespace: string },
  log: Logger,
): Promise<string> {
  try {
    const own = await api.get(PODS, pod, { metadataOnly: true }).catch(ignoreNotFound);
    return own?.metadata.annotations?.[ANNOTATIONS.restartedAt] ?? '';
  } catch (error) {
    log.warn({ err: error }, 'own pod could not be read, so a rollout restart is not recognised');
    return '';
  }
}
