import { type FollowedPods, followedPods } from '../../contract/followed.ts';
import { configMapName } from '../../contract/names.ts';
import { decodeStatus, type Status } from '../../contract/status.ts';
import { Reflector, type Watching } from '../../kubernetes/reflector.ts';
import { CONFIG_MAPS, type ConfigMap } from '../../kubernetes/resources.ts';
import type { FollowedBy } from '../settings.ts';
import type { ActiveSites } from './route.ts';

export interface StatusesOptions extends Watching {
  /** Of the status ConfigMaps. */
  readonly namespace: string;
  /** Of the default follower. */
  readonly configMapName: string;
  readonly followers: readonly string[];
  /** Followers that move no Services. */
  readonly movingNone: readonly string[];
  readonly followed: readonly FollowedBy[];
}

/** The active site of each follower, from a watch of its status ConfigMap: one by name each, as RBAC allows no other. */
export function watchActiveSites({
  namespace,
  configMapName: base,
  followers,
  movingNone,
  followed,
  ...watching
}: StatusesOptions): {
  readonly active: ActiveSites;
  /** The pods that are followed, as far as their primaries are known. */
  readonly followed: () => readonly FollowedPods[];
  /** Follows until `abort` fires. */
  run(abort: AbortSignal): Promise<void>;
} {
  const nameOf = (follower: string) => configMapName(base, follower);
  const watches = new Map(
    followers.map((follower) => {
      const reflector = new Reflector<ConfigMap, Status | undefined>({
        ...watching,
        resource: CONFIG_MAPS,
        namespace,
        fieldSelector: `metadata.name=${nameOf(follower)}`,
        transform: ({ data }) => decodeStatus(data),
      });
      return [follower, reflector] as const;
    }),
  );
  const statusOf = (follower: string) => watches.get(follower)?.get(`${namespace}/${nameOf(follower)}`);
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
    async run(abort) {
      await Promise.all([...watches.values()].map((reflector) => reflector.run(abort)));
    },
  };
}
