import { DEPLOYMENTS, STATEFUL_SETS, type Workload } from '../cluster/resources.ts';
import { type Check, type Finding, problem, warning } from './check.ts';
import { BETTER, ofWorkload, standbys } from './gated.ts';
import { isStuck } from './stuck.ts';
import type { World } from './world.ts';

export const ROLLOUTS: Check = {
  name: 'rollouts',
  title: 'no rollout waits for pods that stand by',
  async find(world) {
    const found = await Promise.all([deployments(world), statefulSets(world)]);
    return { findings: found.flat() };
  },
};

async function deployments(world: World): Promise<Finding[]> {
  const [all, waiting] = await Promise.all([world.list(DEPLOYMENTS), standbys(world)]);
  return all.flatMap((deployment): Finding[] => {
    const count = ofWorkload(waiting, 'Deployment', deployment).length;
    const progressing = deployment.status?.conditions?.find(({ type }) => type === 'Progressing');
    const isLate = count > 0 && progressing?.reason === 'ProgressDeadlineExceeded';
    if (!isLate && !isStuck(deployment, count)) return [];
    return [
      problem(
        titleOf('Deployment', deployment),
        `its rollout has ${isLate ? 'run out of time' : 'stopped'}, as ${count} of its pods stand by and stay unready on purpose`,
        `Set strategy.rollingUpdate.maxUnavailable to as many pods as stand by, or better: ${BETTER}`,
      ),
    ];
  });
}

/** Of OrderedReady, each pod waits for the one before it. */
async function statefulSets(world: World): Promise<Finding[]> {
  const [all, waiting] = await Promise.all([world.list(STATEFUL_SETS), standbys(world)]);
  return all.flatMap((set): Finding[] => {
    const { replicas = 1, podManagementPolicy = 'OrderedReady' } = set.spec ?? {};
    const made = set.status?.replicas ?? 0;
    const [first] = ofWorkload(waiting, 'StatefulSet', set);
    if (first === undefined || podManagementPolicy !== 'OrderedReady') return [];
    const about = titleOf('StatefulSet', set);
    const action = `Make it anew with podManagementPolicy: Parallel, or better: ${BETTER}`;
    if (made < replicas) {
      return [
        problem(
          about,
          `it has ${made} of ${replicas} pods: the next one waits for ${first.metadata.name}, which stands by and stays unready`,
          action,
        ),
      ];
    }
    return [
      warning(
        about,
        `an update or a restart would stop at ${first.metadata.name}, which stands by and stays unready`,
        action,
      ),
    ];
  });
}

function titleOf(kind: string, { metadata: { namespace, name } }: Workload): string {
  return `${kind} ${namespace}/${name}`;
}
