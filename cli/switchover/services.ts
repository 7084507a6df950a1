import { databaseService } from '../../contract/databases.ts';
import { followerOf, LABELS } from '../../contract/names.ts';
import type { KubeApi } from '../../kubernetes/api.ts';
import { isForbidden } from '../../kubernetes/errors.ts';
import { listAll } from '../../kubernetes/pages.ts';
import { keyOf } from '../../kubernetes/reflector.ts';
import { SERVICES } from '../../kubernetes/resources.ts';
import type { Published } from '../cluster/followers.ts';
import { isGated, isOver, POD_DETAILS } from '../cluster/pods.ts';
import { ASKING_PODS } from '../status/gather.ts';
import { type Line, yellow } from '../text/line.ts';
import { ENDPOINT_SLICES, servicesOf } from './milestones.ts';

export const UNWATCHED: Line = [
  yellow('Services are not watched: you may not list pods, Services and EndpointSlices in all namespaces.'),
];

/** Those with gated pods of this follower behind them, or with the follow label; undefined where they may not be read. */
export async function servicesThatFollow(
  api: KubeApi,
  { follower }: Published,
  abort: AbortSignal,
): Promise<readonly string[] | undefined> {
  try {
    const [pods, slices, following] = await Promise.all([
      listAll(api, POD_DETAILS, { labelSelector: ASKING_PODS, abort }),
      listAll(api, ENDPOINT_SLICES, { abort }),
      listAll(api, SERVICES, { labelSelector: `${LABELS.follow}=true`, abort }),
    ]);
    const gated = pods.filter((pod) => !isOver(pod) && isGated(pod) && followerOf(pod.metadata) === follower);
    const gatedServices = servicesOf(slices, new Set(gated.map(({ metadata }) => keyOf(metadata))));
    const own = following.filter(
      ({ metadata }) => followerOf(metadata) === follower && databaseService(metadata) === undefined,
    );
    return [...new Set([...gatedServices, ...own.map(({ metadata }) => keyOf(metadata))])].toSorted();
  } catch (error) {
    if (isForbidden(error)) return undefined;
    throw error;
  }
}
