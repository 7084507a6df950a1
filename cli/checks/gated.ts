import { ANNOTATIONS, followerOf } from '../../contract/names.ts';
import type { KubeObject } from '../../kubernetes/api.ts';
import { isReady } from '../../kubernetes/ready.ts';
import { isGated, type PodDetails, workloadOf } from '../cluster/pods.ts';
import { siteOf } from './pods.ts';
import type { World } from './world.ts';

/** What to use instead, in the text of each cost. */
export const BETTER = `Let a Service follow the site (label site-follower/follow=true, pods annotated ${ANNOTATIONS.gate}: none), so that standbys stay ready; see docs/follow-services.md.`;

/** The pods that are unready on purpose: gated, on a site that is not active. */
export async function standbys(world: World): Promise<readonly PodDetails[]> {
  const pods = await world.askingPods();
  return pods.filter((pod) => {
    const status = world.followers.find(({ follower }) => follower === followerOf(pod.metadata))?.status;
    const site = siteOf(world, pod);
    return status !== undefined && isGated(pod) && !isReady(pod) && site !== '' && site !== status.activeSite;
  });
}

/** Those of a workload. */
export function ofWorkload(
  pods: readonly PodDetails[],
  kind: string,
  { metadata }: KubeObject,
): readonly PodDetails[] {
  return pods.filter((pod) => {
    const owner = workloadOf(pod);
    return (
      pod.metadata.namespace === metadata.namespace && owner.kind === kind && owner.name === metadata.name
    );
  });
}
