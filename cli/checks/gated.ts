import { ANNOTATIONS } from '../../contract/names.ts';
import type { KubeObject } from '../../kubernetes/api.ts';
import { isReady } from '../../kubernetes/ready.ts';
import type { PodDetails } from '../cluster/pod-details.ts';
import { isGated, workloadOf } from '../cluster/pods.ts';
import type { World } from './world.ts';

/** The alternative to a gate that keeps standby pods unready, for the action of a finding. */
export const BETTER = `Let a Service follow the site (label site-follower/follow=true, pods annotated ${ANNOTATIONS.gate}: none), so that standbys stay ready; see docs/follow-services.md.`;

/** Gated pods on a standby site, be they unready, as intended, or ready. */
export async function gatedOnStandby(world: World): Promise<readonly PodDetails[]> {
  return (await world.askingPods()).filter((pod) => {
    const status = world.statusOf(pod);
    const site = world.siteOf(pod);
    return status !== undefined && site !== '' && site !== status.activeSite && isGated(pod);
  });
}

/** Pods that are unready on purpose. */
export async function standbys(world: World): Promise<readonly PodDetails[]> {
  return (await gatedOnStandby(world)).filter((pod) => !isReady(pod));
}

/** The pods that belong to a workload. */
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
