import { SIDECAR_CONTAINER } from '../../contract/sidecar.ts';
import { isInjected } from '../../webhook/inject/decision.ts';
import { refusalsByEvents } from '../cluster/refused-pods.ts';
import { DAEMON_SETS, DEPLOYMENTS, refusalOf, STATEFUL_SETS, type Workload } from '../cluster/workloads.ts';
import { type Check, type Finding, problem, titleOf } from './check.ts';
import { withoutImage } from './unstarted.ts';

const IMAGE =
  'Name a Secret for its registry in imagePullSecrets of these pods, or of their service account, as those of the chart are for its own pods alone; or compare image.repository, image.tag and image.digest with what the registry has.';
const REFUSED =
  'What refuses them is named there. Where that is the image of the sidecar, let its policy know the key of the release, as docs/releasing.md says.';

export const SIDECARS: Check = {
  name: 'sidecars',
  title: 'pods that ask for the sidecar can be created, and have its image',
  async find(world) {
    const [asking, deployments, statefulSets, daemonSets] = await Promise.all([
      world.askingPods(),
      world.askingWorkloads(DEPLOYMENTS),
      world.askingWorkloads(STATEFUL_SETS),
      world.askingWorkloads(DAEMON_SETS),
    ]);
    const byEvents = async (kind: string, workloads: readonly Workload[]) => {
      const refusals = await refusalsByEvents({ api: world.api, now: world.clock.now() }, kind, workloads);
      return [...refusals].map(([workload, why]) => refused(titleOf(kind, workload), why));
    };
    return {
      findings: [
        ...deployments.flatMap(byCondition),
        ...(await byEvents('StatefulSet', statefulSets)),
        ...(await byEvents('DaemonSet', daemonSets)),
        ...withoutImage(asking.filter(isInjected), IMAGE, SIDECAR_CONTAINER),
      ],
    };
  },
};

function byCondition(deployment: Workload): readonly Finding[] {
  const refusal = refusalOf(deployment);
  return refusal === undefined ? [] : [refused(titleOf('Deployment', deployment), refusal)];
}

function refused(about: string, why: string): Finding {
  return problem(about, `its pods are refused: ${why}`, REFUSED);
}
