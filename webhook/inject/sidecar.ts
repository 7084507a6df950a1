import type { InjectorConfig } from '../injector-config.ts';
import { sidecarContainer, sidecarVolumes } from './container.ts';
import { shared } from './patch.ts';
import type { Settings } from './settings.ts';

/** What is added to a pod. */
export interface Sidecar {
  readonly containers: readonly object[];
  readonly volumes: readonly object[];
}

/** Most pods ask for the same sidecar, so each variant is built and serialized once. */
const MOST_KEPT = 100;
/** Paths of hooks may have any length. */
const LONGEST_KEPT = 1_024;

const kept = new WeakMap<InjectorConfig, Map<string, Sidecar>>();

export function sidecarOf(config: InjectorConfig, settings: Settings): Sidecar {
  const key = JSON.stringify(settings);
  const known = kept.get(config) ?? new Map<string, Sidecar>();
  kept.set(config, known);
  const found = known.get(key);
  if (found !== undefined) return found;
  const sidecar = build(config, settings);
  if (key.length > LONGEST_KEPT) return sidecar;
  const [oldest] = known.keys();
  if (known.size >= MOST_KEPT && oldest !== undefined) known.delete(oldest);
  known.set(key, sidecar);
  return sidecar;
}

function build(config: InjectorConfig, settings: Settings): Sidecar {
  return {
    containers: shared([shared(sidecarContainer(config, settings))]),
    volumes: shared(sidecarVolumes(config, settings).map(shared)),
  };
}
