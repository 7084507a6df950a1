import { followerOf } from '../../contract/names.ts';
import { SIDECAR_CONTAINER } from '../../contract/sidecar.ts';
import { isReady } from '../../kubernetes/ready.ts';
import { isMissed } from '../../webhook/inject/decision.ts';
import { isGated, type PodDetails, workloadOf } from '../cluster/pods.ts';
import { followedBy } from '../cluster/subject.ts';
import { command } from '../text/command.ts';
import { type Check, problem } from './check.ts';
import type { World } from './world.ts';

/** Kinds that `kubectl rollout restart` takes. */
const RESTARTED: readonly string[] = ['Deployment', 'StatefulSet', 'DaemonSet'];

export const MISSED: Check = {
  name: 'missed-pods',
  title: 'every pod that asks for the sidecar has it',
  async find(world) {
    const missed = (await world.askingPods()).filter((pod) =>
      isMissed(pod, world.namespace, followedBy(world.followers)),
    );
    if (missed.length === 0) return { findings: [] };
    const when = await world.missedWhen();
    return {
      findings: missed.map((pod) => {
        const { kind, name } = workloadOf(pod);
        const { namespace } = pod.metadata;
        const all = RESTARTED.includes(kind)
          ? command`kubectl -n ${namespace} rollout restart ${kind.toLowerCase()} ${name}`
          : undefined;
        const restart =
          kind === 'Pod'
            ? 'Delete it and create it again.'
            : `Delete it${all === undefined ? '.' : `, or all at once: ${all}`}`;
        return problem(
          titleOf(pod),
          `it asks for the sidecar and runs without: it was created before it asked, or ${when}`,
          restart,
        );
      }),
    };
  },
};

export const WRONG_SIDE: Check = {
  name: 'wrong-side',
  title: 'no gated pod on a standby site is ready',
  async find(world) {
    const wrong = (await world.askingPods()).filter((pod) => isOnWrongSide(world, pod));
    return {
      findings: wrong.map((pod) =>
        problem(
          titleOf(pod),
          `it takes traffic on ${pod.spec?.nodeName}, which is in site ${siteOf(world, pod)} and not active`,
          `A sidecar that does not reach the API server keeps the last state: see kubectl -n ${pod.metadata.namespace} logs ${pod.metadata.name} -c ${SIDECAR_CONTAINER}`,
        ),
      ),
    };
  },
};

function isOnWrongSide(world: World, pod: PodDetails): boolean {
  const status = world.followers.find(({ follower }) => follower === followerOf(pod.metadata))?.status;
  const site = siteOf(world, pod);
  return status !== undefined && site !== '' && site !== status.activeSite && isGated(pod) && isReady(pod);
}

export function siteOf(world: World, pod: PodDetails): string {
  return world.siteOf(followerOf(pod.metadata), pod.spec?.nodeName);
}

function titleOf({ metadata: { namespace, name } }: PodDetails): string {
  return `Pod ${namespace}/${name}`;
}
