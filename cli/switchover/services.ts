import { databaseService } from '../../contract/databases.ts';
import { followerOf, LABELS } from '../../contract/names.ts';
import type { KubeApi } from '../../kubernetes/api.ts';
import { ignoreForbidden } from '../../kubernetes/errors.ts';
import { listAll } from '../../kubernetes/pages.ts';
import { keyOf } from '../../kubernetes/reflector.ts';
import { SERVICES } from '../../kubernetes/resources.ts';
import { ASKING_PODS } from '../../webhook/inject/label.ts';
import type { Published } from '../cluster/followers.ts';
import { isGated, isOver, POD_DETAILS } from '../cluster/pods.ts';
import { yellow } from '../text/line.ts';
import type { Output } from '../text/output.ts';
import { ENDPOINT_SLICES, servicesOf } from './milestones.ts';

/** Services that follow, each `namespace/name`. Says so where the user may not list what that takes. */
export async function servicesToWatch(
  api: KubeApi,
  follower: Published,
  output: Output,
  abort: AbortSignal,
): Promise<readonly string[]> {
  const services = await servicesThatFollow(api, follower, abort);
  if (services === undefined) {
    const text =
      'Services are not watched: you may not list pods, Services and EndpointSlices in all namespaces.';
    output.say([[yellow(text)]]);
  }
  return services ?? [];
}

/** Those with gated pods of this follower, or with the follow label; undefined where the user may not list them. */
async function servicesThatFollow(
  api: KubeApi,
  { follower }: Published,
  abort: AbortSignal,
): Promise<readonly string[] | undefined> {
  const read = await Promise.all([
    listAll(api, POD_DETAILS, { labelSelector: ASKING_PODS, abort }),
    listAll(api, ENDPOINT_SLICES, { abort }),
    listAll(api, SERVICES, { labelSelector: `${LABELS.follow}=true`, abort }),
  ]).catch(ignoreForbidden);
  if (read === undefined) return undefined;
  const [pods, slices, following] = read;
  const gated = pods.filter((pod) => !isOver(pod) && isGated(pod) && followerOf(pod.metadata) === follower);
  const gatedServices = servicesOf(slices, new Set(gated.map(({ metadata }) => keyOf(metadata))));
  const own = following.filter(
    ({ metadata }) => followerOf(metadata) === follower && databaseService(metadata) === undefined,
  );
  return [...new Set([...gatedServices, ...own.map(({ metadata }) => keyOf(metadata))])].toSorted();
}
