import { daemonSetStalls, deploymentStalls, statefulSetStalls } from '../../webhook/inject/rollouts.ts';
import { REMEDIES } from '../../webhook/inject/stalls.ts';
import type { PodDetails } from '../cluster/pod-details.ts';
import { DAEMON_SETS, DEPLOYMENTS, STATEFUL_SETS, type Workload } from '../cluster/workloads.ts';
import { type Check, type Finding, problem, titleOf, warning } from './check.ts';
import { BETTER, ofWorkload, standbys } from './gated.ts';
import {
  isDaemonSetStuck,
  isDeploymentStuck,
  isStatefulSetStuck,
  limitOf,
  mostStanding,
  rolloutOf,
} from './stuck.ts';

export const ROLLOUTS: Check = {
  name: 'rollouts',
  title: 'no rollout waits for standby pods',
  async find(world) {
    const [waiting, deployments, statefulSets, daemonSets] = await Promise.all([
      standbys(world),
      world.list(DEPLOYMENTS),
      world.list(STATEFUL_SETS),
      world.list(DAEMON_SETS),
    ]);
    const each = (
      kind: string,
      all: readonly Workload[],
      find: (workload: Workload, own: Standing) => Finding[],
    ) =>
      all.flatMap((workload) => {
        const [first, ...others] = ofWorkload(waiting, kind, workload);
        return first === undefined ? [] : find(workload, { first, count: 1 + others.length });
      });
    return {
      findings: [
        ...each('Deployment', deployments, ofDeployment),
        ...each('StatefulSet', statefulSets, ofStatefulSet),
        ...each('DaemonSet', daemonSets, ofDaemonSet),
      ],
    };
  },
};

/** The standby pods of a workload. */
interface Standing {
  readonly first: PodDetails;
  readonly count: number;
}

function ofDeployment(deployment: Workload, { count }: Standing): Finding[] {
  const about = titleOf('Deployment', deployment);
  const action = instead(REMEDIES.Deployment(mostStanding(deployment, count), rolloutOf(deployment)));
  const progressing = deployment.status?.conditions?.find(({ type }) => type === 'Progressing');
  const isLate = progressing?.reason === 'ProgressDeadlineExceeded';
  if (isLate || isDeploymentStuck(deployment, count)) {
    const has = isLate ? 'run out of time' : 'stopped';
    return [
      problem(
        about,
        `its rollout has ${has}, as ${count} of its pods are standby and stay unready on purpose`,
        action,
      ),
    ];
  }
  return deploymentStalls(rolloutOf(deployment), count)
    ? [warning(about, `an update would stop, as ${count} of its pods are standby and stay unready`, action)]
    : [];
}

/** With OrderedReady each pod waits for the one before it; an update always waits for a pod that is unready. */
function ofStatefulSet(set: Workload, { first, count }: Standing): Finding[] {
  const { replicas = 1, podManagementPolicy = 'OrderedReady' } = set.spec ?? {};
  const made = set.status?.replicas ?? 0;
  const about = titleOf('StatefulSet', set);
  const isOrdered = podManagementPolicy === 'OrderedReady';
  const it = `${first.metadata.name}, which is standby and stays unready`;
  // With OrderedReady a deleted pod is created again only while all before it are ready.
  const action = instead(isOrdered && replicas > 1 ? `recreate it: ${REMEDIES.start}` : REMEDIES.StatefulSet);
  if (isOrdered && made < replicas) {
    const text = `it has ${made} of ${replicas} pods: the next one waits for ${it}`;
    return [problem(about, text, action)];
  }
  if (isStatefulSetStuck(set, count)) {
    return [problem(about, `its update has stopped at ${it}`, action)];
  }
  if (isOrdered && replicas > 1) {
    const text = `an update or a restart would stop at ${it}`;
    return [warning(about, text, action)];
  }
  return statefulSetStalls(set.spec ?? {}, count, limitOf(set.spec))
    ? [warning(about, `an update would stop at ${it}`, action)]
    : [];
}

function ofDaemonSet(set: Workload, { count }: Standing): Finding[] {
  const about = titleOf('DaemonSet', set);
  const nodes = set.status?.desiredNumberScheduled ?? 0;
  const those = `${count} of its ${nodes} pods are standby and stay unready`;
  const action = instead(REMEDIES.DaemonSet);
  if (isDaemonSetStuck(set, count)) return [problem(about, `its update has stopped, as ${those}`, action)];
  return daemonSetStalls(rolloutOf(set), nodes, count, 'later')
    ? [warning(about, `an update would stop before the active site, as ${those}`, action)]
    : [];
}

function instead(remedy: string): string {
  return `${remedy.charAt(0).toUpperCase()}${remedy.slice(1)}, or better: ${BETTER}`;
}
