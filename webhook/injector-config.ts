import { PROGRAM, STATUS_CONFIGMAP } from '../contract/names.ts';
import { VERSION } from '../contract/version.ts';
import { isLabelName, isObjectName } from '../runtime/object-names.ts';
import type { Loaded } from '../runtime/result.ts';
import type { Environment } from '../settings/variables.ts';
import { EnvironmentReader } from './environment.ts';
import { exceeds, LOWEST, readQuantity } from './inject/quantity.ts';

/** The settings of injection that are the same for all pods. */
export interface InjectorConfig {
  /** Of the sidecar. */
  readonly image: string;
  /** Undefined: the API server chooses. */
  readonly imagePullPolicy: string | undefined;
  /** Of the controller and its status ConfigMap. */
  readonly namespace: string;
  /** Name of the default follower's status ConfigMap. */
  readonly configMapName: string;
  readonly resources: SidecarResources;
  /** User and group of the sidecar. Undefined: the platform chooses, as OpenShift does. */
  readonly runAsUser: number | undefined;
}

/** Kubernetes quantities. */
export interface SidecarResources {
  readonly cpuRequest: string | undefined;
  readonly cpuLimit: string | undefined;
  readonly memoryRequest: string | undefined;
  readonly memoryLimit: string | undefined;
}

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'];

const VARIABLES = {
  cpuRequest: 'SIDECAR_CPU_REQUEST',
  cpuLimit: 'SIDECAR_CPU_LIMIT',
  memoryRequest: 'SIDECAR_MEMORY_REQUEST',
  memoryLimit: 'SIDECAR_MEMORY_LIMIT',
} as const satisfies Record<keyof SidecarResources, string>;

/** The user of the image, as a number: `runAsNonRoot` cannot check a name. */
const IMAGE_USER = 65_532;
const HIGHEST_USER = 2_147_483_647;
/** The platform chooses, and refuses any other choice. */
const NO_USER = 'none';

// The grammar of an image reference in github.com/distribution/reference: [host[:port]/]path[:tag][@digest].
const HOST = String.raw`(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::\d+)?`;
const PATH = String.raw`[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*`;
const TAG = String.raw`\w[\w.-]{0,127}`;
const DIGEST = String.raw`[A-Za-z][\w+.-]*:[0-9a-fA-F]{32,}`;
const IMAGE = new RegExp(`^(?:${HOST}/)?${PATH}(?:/${PATH})*(?::${TAG})?(?:@${DIGEST})?$`);

/** The part of the environment about what is injected. */
export function loadInjectorConfig(env: Environment): Loaded<InjectorConfig> {
  const read = new EnvironmentReader(env);
  const quantity = (name: keyof SidecarResources) => {
    const value = read.text(VARIABLES[name]);
    const isNone = value !== undefined && readQuantity(value) === undefined;
    const wanted = isNone ? 'a quantity such as 50m or 64Mi' : `at least ${LOWEST[name]}`;
    return read.checked(VARIABLES[name], (text) => !isNone && !exceeds(LOWEST[name], text), wanted);
  };
  const imagePullPolicy = read.oneOf('SIDECAR_IMAGE_PULL_POLICY', PULL_POLICIES);
  const user = read.checked(
    'SIDECAR_RUN_AS_USER',
    (text) => text === NO_USER || isUser(text),
    `a number from 1 to ${HIGHEST_USER}, or "${NO_USER}"`,
    String(IMAGE_USER),
  );
  const config: InjectorConfig = {
    image: read.checked(
      'SIDECAR_IMAGE',
      (text) => IMAGE.test(text),
      'an image such as registry.example.com/name:tag',
      `${PROGRAM}:${VERSION}`,
    ),
    imagePullPolicy,
    namespace: read.checked(
      'POD_NAMESPACE',
      isLabelName,
      'the name of a namespace: 1 to 63 lower-case letters, digits and "-"',
      PROGRAM,
    ),
    configMapName: read.checked(
      'CONFIGMAP_NAME',
      isObjectName,
      'the name of a ConfigMap: lower-case letters, digits, "-" and "."',
      STATUS_CONFIGMAP,
    ),
    resources: {
      cpuRequest: quantity('cpuRequest') ?? '5m',
      cpuLimit: quantity('cpuLimit'),
      memoryRequest: quantity('memoryRequest') ?? '32Mi',
      memoryLimit: quantity('memoryLimit') ?? '64Mi',
    },
    runAsUser: isUser(user) ? Number(user) : undefined,
  };
  const { resources } = config;
  for (const [request, limit] of [
    ['cpuRequest', 'cpuLimit'],
    ['memoryRequest', 'memoryLimit'],
  ] as const) {
    // A default request is no more than the lowest limit, so only one that was set can be too high.
    const isSet = read.text(VARIABLES[request]) !== undefined;
    if (isSet && exceeds(resources[request], resources[limit]))
      read.problems.push(
        `${VARIABLES[request]} must not be above ${VARIABLES[limit]}, which is ${resources[limit]} (got: ${resources[request]})`,
      );
  }
  return read.loaded(config);
}

function isUser(text: string): boolean {
  return /^\d{1,10}$/.test(text) && Number(text) >= 1 && Number(text) <= HIGHEST_USER;
}
