/** The sidecar as an expression, generated from the container and the volumes that the webhook injects. */
import { DEFAULT_FOLLOWER } from '../../contract/names.ts';
import { sidecarContainer, sidecarProbes, sidecarVolumes } from '../inject/container.ts';
import type { Settings } from '../inject/settings.ts';
import type { InjectorConfig } from '../injector-config.ts';
import { any, expressionOf, inserted, type Json, literal, type Variant } from './cel.ts';

/** Placeholders for the numbers that depend on the pod. */
const NUMBERS = ['staleAfter', 'port', 'probePort', 'hookTimeout', 'hookRetries', 'runAsUser'] as const;
const number = (name: (typeof NUMBERS)[number]) => 1_000_000_001 + NUMBERS.indexOf(name);
const VALUES = new Map(NUMBERS.map((name) => [number(name), `variables.${name}`]));

const text = (name: string) => inserted(`variables.${name}`);

const SETTINGS: Settings = {
  follower: text('follower'),
  gate: 'readiness',
  whenStale: 'hold',
  staleAfter: number('staleAfter'),
  port: number('port'),
  probePort: number('probePort'),
  onStandby: text('onStandby'),
  onActive: text('onActive'),
  hookTimeout: number('hookTimeout'),
  hookRetries: number('hookRetries'),
  resources: {
    cpuRequest: text('cpuRequest'),
    cpuLimit: text('cpuLimit'),
    memoryRequest: text('memoryRequest'),
    memoryLimit: text('memoryLimit'),
  },
};

const CONFIG: InjectorConfig = {
  image: text('image'),
  imagePullPolicy: text('imagePullPolicy'),
  namespace: text('controllerNamespace'),
  configMapName: text('statusName'),
  resources: SETTINGS.resources,
  runAsUser: number('runAsUser'),
};

interface Change {
  readonly settings?: Partial<Settings>;
  readonly config?: Partial<InjectorConfig>;
  readonly unless: string;
}

const isSet = (name: string) => `variables.${name} != ''`;
const differs = (name: string, value: string) => `variables.${name} != ${literal(value)}`;
const RESOURCES = ['cpuRequest', 'cpuLimit', 'memoryRequest', 'memoryLimit'] as const;
const without = (...names: readonly (typeof RESOURCES)[number][]): Change => ({
  settings: {
    resources: { ...SETTINGS.resources, ...Object.fromEntries(names.map((name) => [name, undefined])) },
  },
  unless: any(...names.map(isSet)),
});

/** The other forms of the sidecar that annotations and configuration can cause. */
const CHANGES: readonly Change[] = [
  { settings: { follower: DEFAULT_FOLLOWER }, unless: differs('follower', DEFAULT_FOLLOWER) },
  { settings: { gate: 'condition' }, unless: differs('gate', 'condition') },
  { settings: { gate: 'none' }, unless: differs('gate', 'none') },
  { settings: { whenStale: 'standby' }, unless: differs('whenStale', 'standby') },
  { settings: { onStandby: undefined }, unless: isSet('onStandby') },
  { settings: { onActive: undefined }, unless: isSet('onActive') },
  {
    settings: { onStandby: undefined, onActive: undefined },
    unless: any(isSet('onStandby'), isSet('onActive')),
  },
  ...RESOURCES.map((name) => without(name)),
  without('cpuRequest', 'memoryRequest'),
  without('cpuLimit', 'memoryLimit'),
  without(...RESOURCES),
  { config: { runAsUser: undefined }, unless: 'variables.runAsUser != 0' },
];

export const SIDECAR = expression(sidecarContainer);
export const VOLUMES = expression(sidecarVolumes);
/** By their field names in the container. */
export const SIDECAR_PROBES = expression((_, settings) => sidecarProbes(settings));

function expression(build: (config: InjectorConfig, settings: Settings) => unknown): string {
  const variants = CHANGES.map(({ settings, config, unless }): Variant => {
    const value = build({ ...CONFIG, ...config }, { ...SETTINGS, ...settings });
    return { value: plain(value), unless };
  });
  return expressionOf(plain(build(CONFIG, SETTINGS)), variants, VALUES);
}

/** Without undefined fields, as in JSON. */
function plain(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}
