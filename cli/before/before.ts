import type { CallOptions } from '../../kubernetes/api.ts';
import type { World } from '../checks/world.ts';
import type { Planned } from './planned.ts';

/** What `check --pre` reads; `namespace` is where the chart is to be installed. */
export type Before = World & Given;

/** Beside the objects of the cluster. */
export interface Given {
  /** The given manifests. Undefined where none were given: then the chart’s default values are assumed. */
  readonly planned: Planned | undefined;
  /** Gets a path of the API server. Throws KubeError. */
  readonly read: (path: string, options?: CallOptions) => Promise<unknown>;
  /** The environment of this machine, for its proxies. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Why a check is skipped that needs manifests. */
export const GIVE_MANIFESTS =
  'give the manifests: helm template … | kubectl site-follower check --pre --filename -';
