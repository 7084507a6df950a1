import { databaseService } from '../../contract/databases.ts';
import { followerOf, LABELS } from '../../contract/names.ts';
import type { KubeApi } from '../../kubernetes/api.ts';
import { ignoreForbidden } from '../../kubernetes/errors.ts';
import { listEach } from '../../kubernetes/pages.ts';
import { keyOf } from '../../kubernetes/reflector.ts';
import { ASKING_PODS } from '../../webhook/inject/label.ts';
import type { Published } from '../cluster/followers.ts';
import { listKept } from '../cluster/kept.ts';
import { POD_DETAILS, type PodDetails } from '../cluster/pod-details.ts';
import { isGated, isOver } from '../cluster/pods.ts';
import { SERVICES } from '../cluster/resources.ts';
import { yellow } from '../text/line.ts';
import type { Output } from '../text/output.ts';
import { ENDPOINT_SLICES, servicesOf } from './milestones.ts';

/** Services that follow, each `namespace/name`. Says so where the user may not list what that takes. */
export async function servicesToWatch(
  api: KubeApi,
  follower: Published,
  output: Output,
): Promise<readonly string[]> {
  const services = await servicesThatFollow(api, follower);
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
): Promise<readonly string[] | undefined> {
  const read = await Promise.all([
    listKept(api, POD_DETAILS, { labelSelector: ASKING_PODS }).then((pods) =>
      servicesOfGated(api, follower, pods),
    ),
    listKept(api, SERVICES, { labelSelector: `${LABELS.follow}=true` }),
  ]).catch(ignoreForbidden);
  if (read === undefined) return undefined;
  const [gatedServices, following] = read;
  const own = following.filter(
    ({ metadata }) => followerOf(metadata) === follower && databaseService(metadata) === undefined,
  );
  return [...new Set([...gatedServices, ...own.map(({ metadata }) => keyOf(metadata))])].toSorted();
}

/** Of the EndpointSlices only the names are kept: there may be many with a thousand endpoints. */
async function servicesOfGated(
  api: KubeApi,
  follower: string,
  pods: readonly PodDetails[],
): Promise<readonly string[]> {
  const gated = pods.filter((pod) => !isOver(pod) && isGated(pod) && followerOf(pod.metadata) === follower);
  const keys = new Set(gated.map(({ metadata }) => keyOf(metadata)));
  const found = new Set<string>();
  for await (const slice of listEach(api, ENDPOINT_SLICES))
    for (const service of servicesOf([slice], keys)) found.add(service);
  return [...found];
}
