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
import type { SidecarResources } from '../injector-config.ts';
import { atLeast, type Format, followerName, HIGHEST_PORT, hook, oneOf, whole } from './formats.ts';
import { exceeds, LOWEST } from './quantity.ts';

/** The settings of a pod for its sidecar. */
export interface Settings {
  readonly follower: string;
  readonly gate: Gate;
  readonly whenStale: WhenStale;
  /** Seconds. */
  readonly staleAfter: number;
  readonly port: number;
  readonly probePort: number;
  /** `PORT/PATH`; undefined: no call. */
  readonly onStandby: string | undefined;
  readonly onActive: string | undefined;
  /** Seconds. */
  readonly hookTimeout: number;
  readonly hookRetries: number;
  readonly resources: SidecarResources;
}

export interface ReadSettings {
  /** Valid only without problems. */
  readonly settings: Settings;
  /** Each names the annotation, its value and what it must be. */
  readonly problems: readonly string[];
}

const LOWEST_PORT = 1024;

/** A setting by an annotation. */
export interface Field<T> {
  readonly annotation: string;
  readonly format: Format<T>;
  readonly fallback: T | undefined;
}

const field = <T>(annotation: string, format: Format<T>, fallback: T) => ({ annotation, format, fallback });
const optional = (annotation: string, format: Format<string>): Field<string> => ({
  annotation,
  format,
  fallback: undefined,
});

/** In the order in which their problems are reported; the resources come after these. */
export const FIELDS = {
  follower: field(ANNOTATIONS.follower, followerName, DEFAULT_FOLLOWER),
  gate: field<Gate>(ANNOTATIONS.gate, oneOf(GATES), 'readiness'),
  whenStale: field<WhenStale>(ANNOTATIONS.whenStale, oneOf(WHEN_STALE), 'hold'),
  staleAfter: field(ANNOTATIONS.staleAfter, whole(5, 86_400, 'seconds'), DEFAULT_STALE_AFTER),
  port: field<number>(ANNOTATIONS.port, whole(LOWEST_PORT, HIGHEST_PORT), PORTS.sidecar),
  probePort: field<number>(ANNOTATIONS.probePort, whole(LOWEST_PORT, HIGHEST_PORT), PORTS.probe),
  onStandby: optional(ANNOTATIONS.onStandby, hook),
  onActive: optional(ANNOTATIONS.onActive, hook),
  hookTimeout: field<number>(ANNOTATIONS.hookTimeout, whole(1, 300, 'seconds'), DEFAULT_HOOK_TIMEOUT),
  hookRetries: field<number>(ANNOTATIONS.hookRetries, whole(0, 100), DEFAULT_HOOK_RETRIES),
} as const;

/** Their fallbacks are in the configuration. */
export const QUANTITIES = {
  cpuRequest: optional(ANNOTATIONS.cpuRequest, atLeast(LOWEST.cpuRequest)),
  cpuLimit: optional(ANNOTATIONS.cpuLimit, atLeast(LOWEST.cpuLimit)),
  memoryRequest: optional(ANNOTATIONS.memoryRequest, atLeast(LOWEST.memoryRequest)),
  memoryLimit: optional(ANNOTATIONS.memoryLimit, atLeast(LOWEST.memoryLimit)),
} as const satisfies Record<keyof SidecarResources, Field<string>>;

/** Also used by the policies. `value` is in quotes. */
export const PROBLEMS = {
  annotation: (annotation: string, value: string, wanted: string) =>
    `annotation ${annotation}: ${value} ${wanted}`,
  ports: (port: string) =>
    `annotations ${ANNOTATIONS.port} and ${ANNOTATIONS.probePort}: both are ${port}, but must differ`,
  cpu: (request: string, limit: string) =>
    `annotation ${ANNOTATIONS.cpuLimit}: ${limit} is below the request of ${request}`,
  memory: (request: string, limit: string) =>
    `annotation ${ANNOTATIONS.memoryRequest}: ${request} is above the limit of ${limit}; raise ${ANNOTATIONS.memoryLimit} too`,
} as const;

const NAMES: readonly string[] = Object.values(ANNOTATIONS);
/** For pods without annotations, as most are. */
const usual = new WeakMap<SidecarResources, ReadSettings>();

/** The settings in the annotations of a pod, and the defaults of the others. */
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
  const read = <T, F>({ annotation, format }: Field<T>, fallback: F): T | F => {
    const text = annotations[annotation];
    if (text === undefined) return fallback;
    const broken = format.rules.find(({ holds }) => !holds(text));
    if (broken === undefined) return format.read(text) ?? fallback;
    problems.push(PROBLEMS.annotation(annotation, JSON.stringify(shown(text)), broken.wanted));
    return fallback;
  };
  const own = <T>(one: Field<T> & { readonly fallback: T }): T => read(one, one.fallback);
  const settings: Settings = {
    follower: own(FIELDS.follower),
    gate: own(FIELDS.gate),
    whenStale: own(FIELDS.whenStale),
    staleAfter: own(FIELDS.staleAfter),
    port: own(FIELDS.port),
    probePort: own(FIELDS.probePort),
    onStandby: read(FIELDS.onStandby, undefined),
    onActive: read(FIELDS.onActive, undefined),
    hookTimeout: own(FIELDS.hookTimeout),
    hookRetries: own(FIELDS.hookRetries),
    resources: {
      cpuRequest: read(QUANTITIES.cpuRequest, defaults.cpuRequest),
      cpuLimit: read(QUANTITIES.cpuLimit, defaults.cpuLimit),
      memoryRequest: read(QUANTITIES.memoryRequest, defaults.memoryRequest),
      memoryLimit: read(QUANTITIES.memoryLimit, defaults.memoryLimit),
    },
  };
  if (problems.length === 0) problems.push(...crossFieldProblems(settings));
  return { settings, problems };
}

function crossFieldProblems({ port, probePort, resources }: Settings): string[] {
  const { cpuRequest, cpuLimit, memoryRequest, memoryLimit } = resources;
  return [
    ...(port === probePort ? [PROBLEMS.ports(String(port))] : []),
    ...(exceeds(cpuRequest, cpuLimit) ? [PROBLEMS.cpu(cpuRequest ?? '', cpuLimit ?? '')] : []),
    ...(exceeds(memoryRequest, memoryLimit) ? [PROBLEMS.memory(memoryRequest ?? '', memoryLimit ?? '')] : []),
  ];
}
