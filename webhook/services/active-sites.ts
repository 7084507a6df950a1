import { type FollowedPods, followedPods } from '../../contract/followed.ts';
import { configMapName, LABELS } from '../../contract/names.ts';
import { decodeStatus } from '../../contract/status.ts';
import type { KubeApi } from '../../kubernetes/api.ts';
import type { Clock, Random } from '../../kubernetes/clock.ts';
import { type OnReflectorProblem, Reflector } from '../../kubernetes/reflector.ts';
import { CONFIG_MAPS } from '../../kubernetes/resources.ts';
import type { FollowedBy } from '../settings.ts';
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
  readonly followed: readonly FollowedBy[];
  readonly onProblem: OnReflectorProblem;
}

/** The active site of each follower, from a watch of the status ConfigMaps. */
export function watchActiveSites({
  namespace,
  configMapName: base,
  movingNone,
  followed,
  ...ports
}: StatusesOptions): {
  readonly active: ActiveSites;
  /** The pods that are followed, as far as this replica knows of their primaries. */
  readonly followed: () => readonly FollowedPods[];
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
  const statusOf = (follower: string) => statuses.get(`${namespace}/${configMapName(base, follower)}`);
  return {
    followed: () =>
      followed.flatMap(
        ({ follower, ...subject }) => followedPods(subject, statusOf(follower)?.primary ?? '') ?? [],
      ),
    active(follower) {
      if (movingNone.includes(follower)) return 'moves-no-services';
      const status = statusOf(follower);
      if (status === undefined || status.activeSite === '') return undefined;
      return { site: status.activeSite, epoch: status.epoch };
    },
    run: (signal) => statuses.run(signal),
  };
}
