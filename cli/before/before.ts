import type { CallOptions } from '../../kubernetes/api.ts';
import type { Planned } from './planned.ts';

/** What `check --pre` looks at besides the cluster’s objects. */
export interface Before {
  /** Where the chart is to be installed. */
  readonly namespace: string;
  /** What Helm would create. Undefined where no manifests were given: then what the chart’s own values make is assumed. */
  readonly planned: Planned | undefined;
  /** What the API server has at a path. Throws KubeError. */
  readonly read: (path: string, options?: CallOptions) => Promise<unknown>;
  /** Of this machine, for its proxies. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What is said where something can be known of the manifests alone. */
export const GIVE_MANIFESTS =
  'give the manifests: helm template … | kubectl site-follower check --pre --filename -';
