import { PORTS, STATUS_CONFIGMAP } from '../contract/defaults.ts';
import {
  CA_FILE,
  DEFAULT_HOOK_RETRIES,
  DEFAULT_HOOK_TIMEOUT,
  DEFAULT_STALE_AFTER,
  SIDECAR_ENV,
  STATUS_DIR,
  TOKEN_DIR,
  TOKEN_FILE,
  WHEN_STALE,
  type WhenStale,
} from '../contract/sidecar.ts';

import type { HookOptions } from './hooks.ts';

export interface Config extends HookOptions {
  readonly nodeName: string;
  /** Where the status ConfigMap is, and its name. */
  readonly namespace: string;
  readonly configMap: string;
  /** 0: a free one. */
  readonly port: number;
  readonly probePort: number;
  /** Undefined: the loopback addresses for the application, every address for the kubelet. */
  readonly address: string | undefined;
  /** For the metrics alone: the webhook has done what it asks for. */
  readonly gate: string;
  readonly whenStale: WhenStale;
  readonly staleAfterMs: number;
  readonly statusDir: string;
  readonly apiServer: ApiServer;
}

export interface ApiServer {
  readonly host: string;
  readonly port: number;
  readonly tokenFile: string;
  readonly caFile: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const MAX_PORT = 65_535;
const DAY_SECONDS = 86_400;

/** Throws an Error that names every variable that is wrong, one a line. */
export function readConfig(env: Environment): Config {
  const problems: string[] = [];
  const text = (name: string, fallback = '') => {
    const value = env[name] || fallback;
    if (value === '') problems.push(`${name} is missing`);
    return value;
  };
  const refuse = (name: string, value: string, allowed: string) =>
    problems.push(`${name} is ${JSON.stringify(value)}, not ${allowed}`);
  const whole = (name: string, fallback: number, min: number, max: number) => {
    const value = text(name, String(fallback));
    const number = /^\d{1,9}$/.test(value) ? Number(value) : -1;
    if (number < min || number > max) refuse(name, value, `a whole number from ${min} to ${max}`);
    return number;
  };
  const oneOf = <T extends string>(name: string, allowed: readonly [T, ...T[]]): T => {
    const value = text(name, allowed[0]);
    if (!allowed.includes(value as T)) refuse(name, value, allowed.join(' or '));
    return value as T;
  };
  const tokenDir = text(SIDECAR_ENV.tokenDir, TOKEN_DIR);
  const config: Config = {
    nodeName: text(SIDECAR_ENV.nodeName),
    namespace: text(SIDECAR_ENV.namespace),
    configMap: text(SIDECAR_ENV.configMap, STATUS_CONFIGMAP),
    port: whole(SIDECAR_ENV.port, PORTS.sidecar, 0, MAX_PORT),
    probePort: whole(SIDECAR_ENV.probePort, PORTS.probe, 0, MAX_PORT),
    address: env[SIDECAR_ENV.address] || undefined,
    gate: text(SIDECAR_ENV.gate, 'readiness'),
    whenStale: oneOf(SIDECAR_ENV.whenStale, WHEN_STALE),
    staleAfterMs: whole(SIDECAR_ENV.staleAfter, DEFAULT_STALE_AFTER, 1, DAY_SECONDS) * 1_000,
    onActive: env[SIDECAR_ENV.onActive] ?? '',
    onStandby: env[SIDECAR_ENV.onStandby] ?? '',
    hookTimeoutMs: whole(SIDECAR_ENV.hookTimeout, DEFAULT_HOOK_TIMEOUT, 1, DAY_SECONDS) * 1_000,
    hookRetries: whole(SIDECAR_ENV.hookRetries, DEFAULT_HOOK_RETRIES, 0, 100),
    statusDir: text(SIDECAR_ENV.statusDir, STATUS_DIR),
    apiServer: {
      // The kubelet sets both in every container.
      host: text('KUBERNETES_SERVICE_HOST', 'kubernetes.default.svc'),
      port: whole('KUBERNETES_SERVICE_PORT', 443, 1, MAX_PORT),
      tokenFile: `${tokenDir}/${TOKEN_FILE}`,
      caFile: `${tokenDir}/${CA_FILE}`,
    },
  };
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return config;
}
