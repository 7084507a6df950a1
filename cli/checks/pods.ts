import { SIDECAR_CONTAINER } from '../../contract/sidecar.ts';
import { isReady } from '../../kubernetes/ready.ts';
import { isMissed } from '../../webhook/inject/decision.ts';
import { workloadOf } from '../cluster/pods.ts';
import { followedBy } from '../cluster/subject.ts';
import { command } from '../text/command.ts';
import { type Check, problem, titleOf } from './check.ts';
import { gatedOnStandby } from './gated.ts';

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
          titleOf('Pod', pod),
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
    const wrong = (await gatedOnStandby(world)).filter(isReady);
    return {
      findings: wrong.map((pod) =>
        problem(
          titleOf('Pod', pod),
          `it takes traffic on ${pod.spec?.nodeName}, which is in site ${world.siteOf(pod)} and not active`,
          `A sidecar that does not reach the API server keeps the last state: see kubectl -n ${pod.metadata.namespace} logs ${pod.metadata.name} -c ${SIDECAR_CONTAINER}`,
        ),
      ),
    };
  },
};
