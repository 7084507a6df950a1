import { databaseMember, databaseService } from '../../contract/databases.ts';
import { LABELS } from '../../contract/names.ts';
import { isInjected, memberOf } from '../../webhook/inject/decision.ts';
import { readLabel } from '../../webhook/inject/label.ts';
import type { PodDetails } from '../cluster/pod-details.ts';
import { workloadOf } from '../cluster/pods.ts';
import { SERVICES } from '../cluster/resources.ts';
import { followedBy } from '../cluster/subject.ts';
import { WORKLOADS } from '../cluster/workloads.ts';
import { someOf } from '../text/some.ts';
import { type Check, type Finding, problem, titleOf, warning } from './check.ts';
import type { World } from './world.ts';

export const DATABASES: Check = {
  name: 'databases',
  title: 'no database waits for the site that it decides itself',
  async find(world) {
    const [pods, workloads, services] = await Promise.all([
      ofPods(world),
      ofWorkloads(world),
      ofServices(world),
    ]);
    const spared = pods.spared.length === 0 ? {} : { note: noteOf(pods.spared) };
    return { findings: [...pods.findings, ...workloads, ...services], ...spared };
  },
};

interface PodsFound {
  readonly findings: readonly Finding[];
  /** Pods that only their namespace asks for, which needs no action. */
  readonly spared: readonly PodDetails[];
}

async function ofPods(world: World): Promise<PodsFound> {
  const followed = followedBy(world.followers);
  const roleOf = (pod: PodDetails) => memberOf(pod, { namespace: pod.metadata.namespace ?? '', followed });
  const members = (await world.askingPods()).filter((pod) => roleOf(pod) !== undefined);
  const injected = members.filter(isInjected);
  const others = members.filter((pod) => !isInjected(pod));
  const asking = others.filter(({ metadata }) => readLabel(metadata.labels) !== 'unsaid');
  return {
    findings: [
      ...byWorkload(injected).map(({ about, first, names }) =>
        problem(
          about,
          `its pods have the sidecar, from an older version: ${names}. Each is ${roleOf(first)}`,
          `While its cluster is healthy, delete one after the other, the primary last; their successors have none.`,
        ),
      ),
      ...byWorkload(asking).map(({ about, first, names }) =>
        warning(
          about,
          `${LABELS.inject} has no effect on its pods: ${names}. Each is ${roleOf(first)}`,
          'Remove the label where the operator has it from, such as inheritedMetadata of a Cluster.',
        ),
      ),
    ],
    spared: others.filter((pod) => !asking.includes(pod)),
  };
}

async function ofWorkloads(world: World): Promise<Finding[]> {
  const lists = await Promise.all(WORKLOADS.map((resource) => world.list(resource)));
  return lists.flat().flatMap((workload): Finding[] => {
    const { kind, metadata, spec } = workload;
    const member = databaseMember(spec?.template ?? {}, metadata.ownerReferences ?? []);
    if (member === undefined || readLabel(metadata.labels) !== 'yes') return [];
    const text = `${LABELS.inject} has no effect on it: each of its pods is ${member}`;
    return [warning(titleOf(kind, workload), text, 'Remove the label.')];
  });
}

async function ofServices(world: World): Promise<Finding[]> {
  const asking = await world.list(SERVICES, { labelSelector: `${LABELS.follow}=true` });
  return asking.flatMap((service): Finding[] => {
    const owner = databaseService(service.metadata);
    if (owner === undefined) return [];
    return [
      warning(
        titleOf('Service', service),
        `${LABELS.follow} has no effect on it: it is ${owner}, and its operator decides where it routes`,
        'Remove the label. Where clients have to reach the active site, create a Service of your own.',
      ),
    ];
  });
}

function byWorkload(pods: readonly PodDetails[]) {
  const groups = Map.groupBy(pods, (pod) => {
    const { kind, name } = workloadOf(pod);
    return `${kind} ${pod.metadata.namespace}/${name}`;
  });
  return [...groups].flatMap(([about, members]) => {
    const [first] = members;
    const names = someOf(members.map(({ metadata }) => metadata.name));
    return first === undefined ? [] : [{ about, first, names }];
  });
}

function noteOf(spared: readonly PodDetails[]): string {
  const namespaces = [...Map.groupBy(spared, ({ metadata }) => metadata.namespace ?? '')];
  const counts = namespaces.map(([name, pods]) => `${pods.length} in ${name}`).toSorted();
  return `pods that are left alone though their namespace asks: ${someOf(counts)}`;
}
