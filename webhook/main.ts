import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { VERSION } from '../contract/version.ts';
import { connect } from '../kubernetes/client.ts';
import { fieldsOfKubeError } from '../kubernetes/errors.ts';
import { loadKube } from '../kubernetes/kube-config.ts';
import { systemClock as clock } from '../runtime/clock.ts';
import { createLog, type Logger } from '../runtime/log.ts';
import { runProcess, WRONG_CONFIGURATION } from '../runtime/process.ts';
import { type InjectorConfig, loadInjectorConfig } from './injector-config.ts';
import { createMetrics } from './metrics.ts';
import { loadWebhookSettings, type WebhookSettings } from './settings.ts';
import { runWebhook } from './webhook.ts';

await main();

async function main(): Promise<void> {
  const injector = loadInjectorConfig(process.env);
  const own = loadWebhookSettings(process.env);
  if (!injector.ok || !own.ok) {
    const problems = [injector, own].flatMap((result) => (result.ok ? [] : result.problems));
    process.stderr.write(`The configuration is wrong:\n${problems.map((text) => `  ${text}\n`).join('')}`);
    process.exitCode = WRONG_CONFIGURATION;
    return;
  }
  const log = createLog({ level: own.value.logLevel, fieldsOf: fieldsOfKubeError });
  await runProcess(log, (abort) => run(injector.value, own.value, log, abort));
}

async function run(
  injector: InjectorConfig,
  settings: WebhookSettings,
  log: Logger,
  abort: AbortSignal,
): Promise<void> {
  const metrics = createMetrics(VERSION);
  const { kubeConfig, namespace: context, source } = loadKube(process.env);
  const namespace = settings.namespace ?? context ?? 'default';
  log.info(
    { version: VERSION, node: process.version, namespace, kubernetes: source, settings, injector },
    'starting',
  );
  const api = connect({
    kubeConfig,
    clock,
    onCall: ({ method: verb, resource, status }) => metrics.kubeCalls.inc({ verb, resource, status }),
  });
  const identity = `${settings.podName ?? hostname()}_${randomUUID().slice(0, 8)}`;
  const own = { injector: { ...injector, namespace }, settings, identity, namespace };
  await runWebhook({ ...own, api, clock, random: Math.random, log, metrics }, abort);
  await api.close();
}
