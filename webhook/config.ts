import { PROGRAM, STATUS_CONFIGMAP } from '../contract/names.ts';
import { VERSION } from '../contract/version.ts';
import { isLabelName, isObjectName } from '../runtime/object-names.ts';
import { misspeltProblems } from '../runtime/suggest.ts';
import { exceeds, LOWEST, readQuantity } from './inject/quantity.ts';

/** What every injected pod has in common. */
export interface InjectorConfig {
  /** Image of the sidecar. */
  readonly image: string;
  /** Undefined: as the API server chooses. */
  readonly imagePullPolicy: string | undefined;
  /** Where the controller and its status ConfigMap are. */
  readonly namespace: string;
  /** Name of the default follower's status ConfigMap. */
  readonly configMapName: string;
  readonly resources: SidecarResources;
  /** User and group of the sidecar, as a number. Undefined: as the platform chooses, such as OpenShift. */
  readonly runAsUser: number | undefined;
}

/** Kubernetes quantities. */
export interface SidecarResources {
  readonly cpuRequest: string | undefined;
  readonly cpuLimit: string | undefined;
  readonly memoryRequest: string | undefined;
  readonly memoryLimit: string | undefined;
}

export type InjectorConfigResult =
  | { readonly ok: true; readonly config: InjectorConfig }
  | { readonly ok: false; readonly problems: readonly string[] };

type Environment = Readonly<Record<string, string | undefined>>;

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'];

const VARIABLES = {
  cpuRequest: 'SIDECAR_CPU_REQUEST',
  cpuLimit: 'SIDECAR_CPU_LIMIT',
  memoryRequest: 'SIDECAR_MEMORY_REQUEST',
  memoryLimit: 'SIDECAR_MEMORY_LIMIT',
} as const satisfies Record<keyof SidecarResources, string>;

const KNOWN = [
  ...Object.values(VARIABLES),
  'SIDECAR_IMAGE',
  'SIDECAR_IMAGE_PULL_POLICY',
  'SIDECAR_RUN_AS_USER',
  'POD_NAMESPACE',
  'CONFIGMAP_NAME',
];

/** The user of the image, as a number: `runAsNonRoot` cannot check a name. */
const IMAGE_USER = 65_532;
const HIGHEST_USER = 2_147_483_647;
/** The platform chooses, and refuses who chooses himself. */
const NO_USER = 'none';

// The grammar of an image reference in github.com/distribution/reference: [host[:port]/]path[:tag][@digest].
const HOST = String.raw`(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::\d+)?`;
const PATH = String.raw`[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*`;
const TAG = String.raw`\w[\w.-]{0,127}`;
const DIGEST = String.raw`[A-Za-z][\w+.-]*:[0-9a-fA-F]{32,}`;
const IMAGE = new RegExp(`^(?:${HOST}/)?${PATH}(?:/${PATH})*(?::${TAG})?(?:@${DIGEST})?$`);

/** The injector's part of the environment. Everything that is wrong comes back at once. */
export function loadInjectorConfig(env: Environment): InjectorConfigResult {
  const problems: string[] = [];
  const read = (name: string) => env[name]?.trim() || undefined;
  const checked = (name: string, isSound: (value: string) => boolean, wanted: string) => {
    const value = read(name);
    if (value !== undefined && !isSound(value)) problems.push(`${name} must be ${wanted} (got: ${value})`);
    return value;
  };
  const quantity = (name: keyof SidecarResources) => {
    const value = read(VARIABLES[name]);
    const isNone = value !== undefined && readQuantity(value) === undefined;
    const wanted = isNone ? 'a quantity such as 50m or 64Mi' : `at least ${LOWEST[name]}`;
    return checked(VARIABLES[name], (text) => !isNone && !exceeds(LOWEST[name], text), wanted);
  };
  const imagePullPolicy = read('SIDECAR_IMAGE_PULL_POLICY');
  if (imagePullPolicy !== undefined && !PULL_POLICIES.includes(imagePullPolicy)) {
    problems.push(
      `SIDECAR_IMAGE_PULL_POLICY must be one of ${PULL_POLICIES.join(', ')} (got: ${imagePullPolicy})`,
    );
  }
  const runAsUser = read('SIDECAR_RUN_AS_USER') ?? String(IMAGE_USER);
  const isUser = /^\d{1,10}$/.test(runAsUser) && Number(runAsUser) >= 1 && Number(runAsUser) <= HIGHEST_USER;
  if (!isUser && runAsUser !== NO_USER) {
    problems.push(
      `SIDECAR_RUN_AS_USER must be a number from 1 to ${HIGHEST_USER}, or "${NO_USER}" (got: ${runAsUser})`,
    );
  }
  const config: InjectorConfig = {
    image:
      checked(
        'SIDECAR_IMAGE',
        (text) => IMAGE.test(text),
        'an image such as registry.example.com/name:tag',
      ) ?? `${PROGRAM}:${VERSION}`,
    imagePullPolicy,
    namespace:
      checked(
        'POD_NAMESPACE',
        isLabelName,
        'the name of a namespace: 1 to 63 lower-case letters, digits and "-"',
      ) ?? PROGRAM,
    configMapName:
      checked(
        'CONFIGMAP_NAME',
        isObjectName,
        'the name of a ConfigMap: lower-case letters, digits, "-" and "."',
      ) ?? STATUS_CONFIGMAP,
    resources: {
      cpuRequest: quantity('cpuRequest') ?? '5m',
      cpuLimit: quantity('cpuLimit'),
      memoryRequest: quantity('memoryRequest') ?? '32Mi',
      memoryLimit: quantity('memoryLimit') ?? '64Mi',
    },
    runAsUser: isUser ? Number(runAsUser) : undefined,
  };
  const { cpuRequest, cpuLimit, memoryRequest, memoryLimit } = config.resources;
  const compare = (
    requestName: string,
    request: string | undefined,
    limitName: string,
    limit: string | undefined,
  ) => {
    // A default request is no more than the lowest limit, so only one that was set can be too high.
    if (read(requestName) === undefined || !exceeds(request, limit)) return;
    problems.push(`${requestName} must not be above ${limitName}, which is ${limit} (got: ${request})`);
  };
  compare(VARIABLES.cpuRequest, cpuRequest, VARIABLES.cpuLimit, cpuLimit);
  compare(VARIABLES.memoryRequest, memoryRequest, VARIABLES.memoryLimit, memoryLimit);
  problems.push(...misspeltProblems(env, KNOWN));
  return problems.length === 0 ? { ok: true, config } : { ok: false, problems };
}
