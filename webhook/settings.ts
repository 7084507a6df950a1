import { isIP } from 'node:net';
import * as z from 'zod';
import { DEFAULT_FOLLOWER, PROGRAM } from '../contract/names.ts';
import { readJson } from '../runtime/json.ts';
import { isLabelName, isObjectName } from '../runtime/object-names.ts';
import type { Loaded } from '../runtime/result.ts';
import type { Environment } from '../settings/variables.ts';
import type { CallerSettings } from './callers.ts';
import { EnvironmentReader } from './environment.ts';
import { CONFIGURATION_NAME, secretNameOf } from './webhook-configuration.ts';

/** The part of the environment about the webhook itself; what it injects is in injector-config.ts. */
export type WebhookSettings = Readonly<ReturnType<typeof read>>;

const DAY_MS = 86_400_000;
const OF_OWN_CERTIFICATES = ['WEBHOOK_SECRET', 'CERTIFICATE_DAYS', 'AUTHORITY_DAYS'];
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
/** About 13 s: below it, the next certificate would be due before the API servers trust the last one. */
const SHORTEST_DAYS = 0.000_15;

export function loadWebhookSettings(env: Environment): Loaded<WebhookSettings> {
  const environment = new EnvironmentReader(env);
  const settings = read(environment);
  checkCertificates(settings, environment);
  return environment.loaded(settings);
}

function read(env: EnvironmentReader) {
  const port = (name: string, fallback: number) => {
    const value = env.number(name, fallback, 0, 65_535);
    if (!Number.isInteger(value)) env.problems.push(`${name} must be a whole number (got: ${value})`);
    return value;
  };
  const days = (name: string, fallback: number) => env.number(name, fallback, SHORTEST_DAYS, 36_500) * DAY_MS;
  const objectName = (name: string, kind: string, fallback: string) =>
    env.checked(
      name,
      isObjectName,
      `the name of a ${kind}: lower-case letters, digits, "-" and "."`,
      fallback,
    );
  const logLevel = env.oneOf('LOG_LEVEL', LOG_LEVELS) ?? 'info';
  const service = env.checked(
    'WEBHOOK_SERVICE',
    isLabelName,
    'the name of a Service: 1 to 63 lower-case letters, digits and "-"',
    `${PROGRAM}-webhook`,
  );
  const names = readNames(env);
  const callers = readCallers(env);
  const configuration = objectName(
    'WEBHOOK_CONFIGURATION',
    'MutatingWebhookConfiguration',
    CONFIGURATION_NAME,
  );
  return {
    /** Undefined: that of the pod or of the kubeconfig. injector-config.ts checks it. */
    namespace: env.text('POD_NAMESPACE'),
    podName: env.text('POD_NAME'),
    /** For the API server, over TLS. */
    port: port('WEBHOOK_PORT', 8443),
    /** For the kubelet and Prometheus: /healthz, /readyz and /metrics. */
    httpPort: port('HTTP_PORT', 8081),
    /** The Service by which the API server calls. */
    service,
    /** Further DNS names and addresses for the certificate, where the API server calls by a URL. */
    names,
    configuration,
    /** Not `secret`: the log hides fields of that name. */
    secretName: objectName('WEBHOOK_SECRET', 'Secret', secretNameOf(configuration)),
    /** Where a certificate from cert-manager is mounted; undefined: this program issues it. */
    certificateFolder: env.text('WEBHOOK_CERTIFICATE_DIR'),
    /** Undefined: the API server shows no certificate of its own. */
    callers,
    leafMs: days('CERTIFICATE_DAYS', 90),
    authorityMs: days('AUTHORITY_DAYS', 3_650),
    lingerMs: env.number('LINGER_SECONDS', 5, 0, 600) * 1_000,
    /** All followers, whose status is read. */
    followers: env.text('FOLLOWERS') === undefined ? [DEFAULT_FOLLOWER] : env.list('FOLLOWERS'),
    /** Followers that move no Services: a new Service of theirs gets no site. */
    movingNone: env.list('FOLLOWERS_WITHOUT_SERVICES'),
    /** What each follower follows, where that is pods. */
    followed: followed(env.text('FOLLOWED'), env.problems),
    logLevel,
  };
}

function readNames(read: EnvironmentReader): readonly string[] {
  const names = read.list('WEBHOOK_NAMES');
  for (const name of names.filter((name) => !isHost(name))) {
    read.problems.push(
      `WEBHOOK_NAMES must be host names or addresses, with commas between them (got: ${name})`,
    );
  }
  return names;
}

function readCallers(read: EnvironmentReader): CallerSettings | undefined {
  const [file, names] = [read.text('WEBHOOK_CLIENT_CA_FILE'), read.list('WEBHOOK_CLIENT_NAMES')];
  if (file !== undefined && names.length === 0) {
    read.problems.push(
      'WEBHOOK_CLIENT_NAMES must be set beside WEBHOOK_CLIENT_CA_FILE: the common names in the certificates of the API servers, with commas between them',
    );
  }
  if (file === undefined && names.length > 0) {
    read.problems.push('WEBHOOK_CLIENT_CA_FILE must be set beside WEBHOOK_CLIENT_NAMES');
  }
  return file === undefined ? undefined : { file, names };
}

function checkCertificates(settings: WebhookSettings, read: EnvironmentReader): void {
  const { problems } = read;
  if (problems.length === 0 && settings.authorityMs < 3 * settings.leafMs) {
    problems.push('AUTHORITY_DAYS must be at least three times CERTIFICATE_DAYS');
  }
  for (const name of settings.certificateFolder === undefined ? [] : OF_OWN_CERTIFICATES) {
    if (read.text(name) !== undefined) {
      problems.push(`${name} must not be set beside WEBHOOK_CERTIFICATE_DIR: then nothing is made here`);
    }
  }
}

const followedSchema = z.array(
  z.object({
    follower: z.string(),
    kind: z.string(),
    namespace: z.string().optional(),
    preset: z.string().optional(),
    cluster: z.string().optional(),
    members: z.string().optional(),
  }),
);
export type FollowedBy = z.infer<typeof followedSchema>[number];

function followed(text: string | undefined, problems: string[]): readonly FollowedBy[] {
  if (text === undefined) return [];
  const read = followedSchema.safeParse(readJson(text));
  if (read.success) return read.data;
  problems.push(
    'FOLLOWED must be a JSON list of what each follower follows: {"follower", "kind", "namespace", …}',
  );
  return [];
}

function isHost(name: string): boolean {
  return isIP(name) !== 0 || isObjectName(name.toLowerCase().replace(/^\*\./, ''));
}
