import { ANNOTATIONS, DEFAULT_FOLLOWER, PORTS } from '../../contract/names.ts';
import {
  DEFAULT_HOOK_RETRIES,
  DEFAULT_HOOK_TIMEOUT,
  DEFAULT_STALE_AFTER,
  GATES,
  type Gate,
  WHEN_STALE,
  type WhenStale,
} from '../../contract/sidecar.ts';
import { shown } from '../../kubernetes/cut.ts';
import type { SidecarResources } from '../config.ts';
import { exceeds, LOWEST, readQuantity } from './quantity.ts';

/** What a pod asks of its sidecar. */
export interface Settings {
  readonly follower: string;
  readonly gate: Gate;
  readonly whenStale: WhenStale;
  /** Seconds. */
  readonly staleAfter: number;
  readonly port: number;
  readonly probePort: number;
  /** `PORT/PATH`; undefined: nobody is called. */
  readonly onStandby: string | undefined;
  readonly onActive: string | undefined;
  /** Seconds. */
  readonly hookTimeout: number;
  readonly hookRetries: number;
  readonly resources: SidecarResources;
}

export interface ReadSettings {
  /** Sound only when there are no problems. */
  readonly settings: Settings;
  /** Each names the annotation, its value and what would be right. */
  readonly problems: readonly string[];
}

/** Gives the value, or throws a sentence that reads on from the value that was found. */
type Parse<T> = (text: string) => T;

const LOWEST_PORT = 1024;
const HIGHEST_PORT = 65_535;

const NAMES: readonly string[] = Object.values(ANNOTATIONS);
/** Of pods that say nothing, as most do. */
const usual = new WeakMap<SidecarResources, ReadSettings>();

/** The settings in the annotations of a pod; what they do not say is the default. */
export function readSettings(
  annotations: Readonly<Record<string, string>>,
  defaults: SidecarResources,
): ReadSettings {
  if (Object.keys(annotations).some((name) => NAMES.includes(name)))
    return readAnnotations(annotations, defaults);
  const known = usual.get(defaults) ?? readAnnotations({}, defaults);
  usual.set(defaults, known);
  return known;
}

function readAnnotations(
  annotations: Readonly<Record<string, string>>,
  defaults: SidecarResources,
): ReadSettings {
  const problems: string[] = [];
  const read = <T>(annotation: string, parse: Parse<T>, fallback: T): T => {
    const text = annotations[annotation];
    if (text === undefined) return fallback;
    try {
      return parse(text);
    } catch (error) {
      const wanted = error instanceof Error ? error.message : String(error);
      problems.push(`annotation ${annotation}: ${JSON.stringify(shown(text))} ${wanted}`);
      return fallback;
    }
  };
  const quantity = (annotation: string, name: keyof SidecarResources) =>
    read<string | undefined>(annotation, atLeast(LOWEST[name]), defaults[name]);
  const settings: Settings = {
    follower: read(ANNOTATIONS.follower, followerName, DEFAULT_FOLLOWER),
    gate: read<Gate>(ANNOTATIONS.gate, oneOf(GATES), 'readiness'),
    whenStale: read(ANNOTATIONS.whenStale, oneOf(WHEN_STALE), 'hold'),
    staleAfter: read(ANNOTATIONS.staleAfter, whole(5, 86_400, 'seconds'), DEFAULT_STALE_AFTER),
    port: read(ANNOTATIONS.port, whole(LOWEST_PORT, HIGHEST_PORT), PORTS.sidecar),
    probePort: read(ANNOTATIONS.probePort, whole(LOWEST_PORT, HIGHEST_PORT), PORTS.probe),
    onStandby: read<string | undefined>(ANNOTATIONS.onStandby, hook, undefined),
    onActive: read<string | undefined>(ANNOTATIONS.onActive, hook, undefined),
    hookTimeout: read(ANNOTATIONS.hookTimeout, whole(1, 300, 'seconds'), DEFAULT_HOOK_TIMEOUT),
    hookRetries: read(ANNOTATIONS.hookRetries, whole(0, 100), DEFAULT_HOOK_RETRIES),
    resources: {
      cpuRequest: quantity(ANNOTATIONS.cpuRequest, 'cpuRequest'),
      cpuLimit: quantity(ANNOTATIONS.cpuLimit, 'cpuLimit'),
      memoryRequest: quantity(ANNOTATIONS.memoryRequest, 'memoryRequest'),
      memoryLimit: quantity(ANNOTATIONS.memoryLimit, 'memoryLimit'),
    },
  };
  if (problems.length === 0) problems.push(...misfits(settings));
  return { settings, problems };
}

/** What no single annotation shows. */
function misfits({ port, probePort, resources }: Settings): string[] {
  const problems: string[] = [];
  if (port === probePort) {
    problems.push(
      `annotations ${ANNOTATIONS.port} and ${ANNOTATIONS.probePort}: both are ${port}, but must differ`,
    );
  }
  const { cpuRequest, cpuLimit, memoryRequest, memoryLimit } = resources;
  if (exceeds(cpuRequest, cpuLimit)) {
    problems.push(`annotation ${ANNOTATIONS.cpuLimit}: ${cpuLimit} is below the request of ${cpuRequest}`);
  }
  if (exceeds(memoryRequest, memoryLimit)) {
    problems.push(
      `annotation ${ANNOTATIONS.memoryRequest}: ${memoryRequest} is above the limit of ${memoryLimit}; raise ${ANNOTATIONS.memoryLimit} too`,
    );
  }
  return problems;
}

function followerName(text: string): string {
  // As the controller names its followers.
  if (/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/.test(text)) return text;
  throw new Error('must be 1 to 32 lower-case letters, digits and "-", with a letter or digit at both ends');
}

function hook(text: string): string {
  const [, port = '', path = ''] = /^:?(\d{1,5})(\/[!-~]*)$/.exec(text) ?? [];
  if (Number(port) >= 1 && Number(port) <= HIGHEST_PORT) return `${Number(port)}${path}`;
  throw new Error('must be a port and a path in the pod, such as "8080/drain"');
}

function oneOf<T extends string>(allowed: readonly T[]): Parse<T> {
  return (text) => {
    const value = allowed.find((name) => name === text);
    if (value !== undefined) return value;
    throw new Error(`must be ${allowed.map((name) => `"${name}"`).join(' or ')}`);
  };
}

function whole(lowest: number, highest: number, unit?: string): Parse<number> {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= lowest && value <= highest) return value;
    const what = unit === undefined ? 'a whole number' : `a whole number of ${unit}`;
    throw new Error(`must be ${what} from ${lowest} to ${highest}`);
  };
}

function atLeast(lowest: string): Parse<string> {
  return (text) => {
    if (readQuantity(text) === undefined) {
      throw new Error('must be a Kubernetes quantity such as 50m or 64Mi');
    }
    if (exceeds(lowest, text)) throw new Error(`must be at least ${lowest}`);
    return text;
  };
}
