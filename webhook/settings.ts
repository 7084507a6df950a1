import { PROGRAM } from '../contract/names.ts';
import { CONFIGURATION_NAME } from './configuration.ts';

/** The webhook's own part of the environment; what it injects is in config.ts. */
export interface WebhookSettings {
  /** Undefined: that of the pod or of the kubeconfig. */
  readonly namespace: string | undefined;
  readonly podName: string | undefined;
  /** For the API server, over TLS. */
  readonly port: number;
  /** For the kubelet and Prometheus: /healthz, /readyz and /metrics. */
  readonly httpPort: number;
  /** The Service by which the API server calls. */
  readonly service: string;
  /** Further DNS names and addresses for the certificate, where the API server calls by a URL. */
  readonly names: readonly string[];
  readonly configuration: string;
  readonly secret: string;
  readonly leafMs: number;
  readonly authorityMs: number;
  readonly lingerMs: number;
  readonly logLevel: string;
}

export type WebhookSettingsResult =
  | { readonly ok: true; readonly settings: WebhookSettings }
  | { readonly ok: false; readonly problems: readonly string[] };

const DAY_MS = 86_400_000;
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
/** About 13 s: below it, the next certificate would be due while the last one is still spreading. */
const SHORTEST_DAYS = 0.000_15;

/** Everything that is wrong comes back at once. */
export function loadWebhookSettings(
  env: Readonly<Record<string, string | undefined>>,
): WebhookSettingsResult {
  const problems: string[] = [];
  const read = (name: string) => env[name]?.trim() || undefined;
  const number = (name: string, fallback: number, lowest: number, highest: number) => {
    const text = read(name);
    const value = text === undefined ? fallback : Number(text);
    if (value >= lowest && value <= highest) return value;
    problems.push(`${name} must be a number from ${lowest} to ${highest} (got: ${text})`);
    return fallback;
  };
  const port = (name: string, fallback: number) => {
    const value = number(name, fallback, 0, 65_535);
    if (!Number.isInteger(value)) problems.push(`${name} must be a whole number (got: ${value})`);
    return value;
  };
  const days = (name: string, fallback: number) => number(name, fallback, SHORTEST_DAYS, 36_500) * DAY_MS;
  const logLevel = read('LOG_LEVEL') ?? 'info';
  if (!LOG_LEVELS.includes(logLevel)) {
    problems.push(`LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')} (got: ${logLevel})`);
  }
  const settings: WebhookSettings = {
    namespace: read('POD_NAMESPACE'),
    podName: read('POD_NAME'),
    port: port('WEBHOOK_PORT', 8443),
    httpPort: port('HTTP_PORT', 8081),
    service: read('WEBHOOK_SERVICE') ?? `${PROGRAM}-webhook`,
    names: (read('WEBHOOK_NAMES') ?? '').split(',').flatMap((name) => name.trim() || []),
    configuration: read('WEBHOOK_CONFIGURATION') ?? CONFIGURATION_NAME,
    secret: read('WEBHOOK_SECRET') ?? `${PROGRAM}-webhook-tls`,
    leafMs: days('CERTIFICATE_DAYS', 90),
    authorityMs: days('AUTHORITY_DAYS', 3_650),
    lingerMs: number('LINGER_SECONDS', 5, 0, 600) * 1_000,
    logLevel,
  };
  if (problems.length === 0 && settings.authorityMs < 3 * settings.leafMs) {
    problems.push('AUTHORITY_DAYS must be at least three times CERTIFICATE_DAYS');
  }
  return problems.length === 0 ? { ok: true, settings } : { ok: false, problems };
}
