import { configMapName, LABELS } from '../../contract/names.ts';
import { decodeStatus } from '../../contract/status.ts';
import type { KubeApi } from '../../kubernetes/api.ts';
import type { Clock, Random } from '../../kubernetes/clock.ts';
import { type OnReflectorProblem, Reflector } from '../../kubernetes/reflector.ts';
import { CONFIG_MAPS } from '../../kubernetes/resources.ts';
import type { ActiveSites } from './route.ts';

export interface StatusesOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: Random;
  /** Of the controller: where its status ConfigMaps are. */
  readonly namespace: string;
  /** Of the default follower's one. */
  readonly configMapName: string;
  /** Followers that move no Services. */
  readonly movingNone: readonly string[];
  readonly onProblem: OnReflectorProblem;
}

/** The active site of each follower, from a watch of the status ConfigMaps. */
export function watchActiveSites({ namespace, configMapName: base, movingNone, ...ports }: StatusesOptions): {
  readonly active: ActiveSites;
  /** Follows until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
} {
  const statuses = new Reflector({
    ...ports,
    resource: CONFIG_MAPS,
    namespace,
    labelSelector: `${LABELS.role}=status`,
    keep: ({ data }) => decodeStatus(data),
  });
  return {
    active(follower) {
      if (movingNone.includes(follower)) return 'moves-no-services';
      const status = statuses.get(`${namespace}/${configMapName(base, follower)}`);
      if (status === undefined || status.activeSite === '') return undefined;
      return { site: status.activeSite, epoch: status.epoch };
    },
    run: (signal) => statuses.run(signal),
  };
}
