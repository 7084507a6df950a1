import { OF_CHART } from '../cluster/chart.ts';
import { POD_DETAILS } from '../cluster/pod-details.ts';
import { DEPLOYMENTS, refusalOf, type Workload } from '../cluster/workloads.ts';
import { type Check, type Finding, problem, skip, titleOf } from './check.ts';
import { type Advice, unstarted } from './unstarted.ts';

const ADVICE: Advice = {
  image:
    'Compare image.repository, image.tag and image.digest with what the registry has, see whether the nodes reach it, and name its Secret in imagePullSecrets.',
  node: 'The scheduler names what is in the way on each node; a replica of a node that is lost waits for it.',
};

export const OWN_PODS: Check = {
  name: 'own-pods',
  title: 'the chart’s own pods can be created, have their image and run',
  async find(world) {
    const where = { namespace: world.namespace, labelSelector: OF_CHART };
    const [pods, deployments] = await Promise.all([
      world.list(POD_DETAILS, where),
      world.list(DEPLOYMENTS, where),
    ]);
    if (pods.length + deployments.length === 0)
      return skip(`none of them is in namespace ${world.namespace}`);
    return { findings: [...deployments.flatMap(refused), ...unstarted(pods, ADVICE)] };
  },
};

/** Pod Security, a quota, or a policy that requires signed images lets no pod be created. */
function refused(deployment: Workload): readonly Finding[] {
  const refusal = refusalOf(deployment);
  if (refusal === undefined) return [];
  return [
    problem(
      titleOf('Deployment', deployment),
      `its pods are refused: ${refusal}`,
      'What refuses them is named there: change that policy, or what it asks for; a release is signed as docs/releasing.md says.',
    ),
  ];
}
