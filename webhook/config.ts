import { PROGRAM, STATUS_CONFIGMAP } from '../contract/names.ts';
import { VERSION } from '../contract/version.ts';
import { readQuantity } from './inject/quantity.ts';

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

/** The injector's part of the environment. Everything that is wrong comes back at once. */
export function loadInjectorConfig(env: Environment): InjectorConfigResult {
  const problems: string[] = [];
  const read = (name: string) => env[name]?.trim() || undefined;
  const quantity = (name: string) => {
    const value = read(name);
    if (value !== undefined && readQuantity(value) === undefined) {
      problems.push(`${name} must be a quantity such as 50m or 64Mi (got: ${value})`);
    }
    return value;
  };
  const imagePullPolicy = read('SIDECAR_IMAGE_PULL_POLICY');
  if (imagePullPolicy !== undefined && !PULL_POLICIES.includes(imagePullPolicy)) {
    problems.push(
      `SIDECAR_IMAGE_PULL_POLICY must be one of ${PULL_POLICIES.join(', ')} (got: ${imagePullPolicy})`,
    );
  }
  const config: InjectorConfig = {
    image: read('SIDECAR_IMAGE') ?? `${PROGRAM}:${VERSION}`,
    imagePullPolicy,
    namespace: read('POD_NAMESPACE') ?? PROGRAM,
    configMapName: read('CONFIGMAP_NAME') ?? STATUS_CONFIGMAP,
    resources: {
      cpuRequest: quantity('SIDECAR_CPU_REQUEST') ?? '5m',
      cpuLimit: quantity('SIDECAR_CPU_LIMIT'),
      memoryRequest: quantity('SIDECAR_MEMORY_REQUEST') ?? '32Mi',
      memoryLimit: quantity('SIDECAR_MEMORY_LIMIT') ?? '64Mi',
    },
  };
  return problems.length === 0 ? { ok: true, config } : { ok: false, problems };
}
