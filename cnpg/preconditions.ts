import { isReady } from '../kubernetes/ready.ts';
import type { Node, Pod } from '../kubernetes/resources.ts';
import { readJson } from '../runtime/json.ts';
import { type Cluster, CNPG_LABELS, HEALTHY, isOwnedBy, PENDING } from './cluster.ts';
import { isHibernated } from './hibernation.ts';
import { awaitsToken, isReplica, isSeenAsReplica } from './replica.ts';

/** What has to be looked at before the primary is moved to `target`. */
export interface PromotionScene {
  readonly cluster: Cluster;
  /** The pod to promote; undefined when there is none. */
  readonly target: Pod | undefined;
  /** The node of `target`; undefined when there is none. */
  readonly node: Node | undefined;
  /** Names of Backups of this Cluster that have not ended. */
  readonly runningBackups: readonly string[];
  /** Where it shall run, for the reader. Default: the preferred node. */
  readonly place?: string;
}

export interface Precondition {
  readonly name: string;
  /** Undefined when it holds; else one sentence that says what is in the way. */
  readonly obstacle: string | undefined;
  /** The operator wrote down what this rests on when it last looked, which may be hours ago on a quiet Cluster. */
  readonly mayBeOutdated?: true;
}

/** A drain is under way or announced: the operator would move the primary away again. */
const DRAIN_TAINTS = [
  'node.kubernetes.io/unschedulable',
  'ToBeDeletedByClusterAutoscaler',
  'karpenter.sh/disrupted',
  'karpenter.sh/disruption',
];

/**
 * Everything that must hold before `status.targetPrimary` is patched. Stricter than `kubectl cnpg promote`, which
 * checks only that the pod exists.
 */
export function promotionPreconditions(scene: PromotionScene): Precondition[] {
  const { cluster, target, node, runningBackups, place = 'the preferred node' } = scene;
  return [
    ...clusterPreconditions(cluster),
    check('no backup runs', runningBackups.length > 0 && `Backup ${runningBackups.join(', ')} is running`),
    ...targetPreconditions(cluster, target, place),
    ...nodePreconditions(node, place),
  ];
}

function clusterPreconditions(cluster: Cluster): Precondition[] {
  return [
    ...operatorPreconditions(cluster),
    check('the Cluster is no replica cluster', replicaObstacle(cluster)),
    ...stabilityPreconditions(cluster),
  ];
}

/** What holds of a Cluster that is well and left alone, be it a replica cluster or not. */
export function healthPreconditions(cluster: Cluster): Precondition[] {
  return [...operatorPreconditions(cluster), ...stabilityPreconditions(cluster)];
}

/** Whether the operator does with the Cluster what is asked of it. */
export function operatorPreconditions(cluster: Cluster): Precondition[] {
  const { metadata } = cluster;
  const annotations = metadata.annotations ?? {};
  return [
    check('the Cluster stays', metadata.deletionTimestamp !== undefined && 'the Cluster is being deleted'),
    check(
      'the operator reconciles the Cluster',
      annotations['cnpg.io/reconciliationLoop'] === 'disabled' && 'cnpg.io/reconciliationLoop is disabled',
    ),
    check('the Cluster is not hibernated', isHibernated(cluster) && 'it is hibernated'),
  ];
}

function stabilityPreconditions(cluster: Cluster): Precondition[] {
  const { spec = {}, status = {} } = cluster;
  const { currentPrimary = '', targetPrimary = '', readyInstances = 0 } = status;
  return [
    check('the Cluster is healthy', status.phase !== HEALTHY && `its phase is "${status.phase ?? ''}"`),
    check(
      'no move is under way',
      (currentPrimary === '' || currentPrimary === PENDING || currentPrimary !== targetPrimary) &&
        `currentPrimary is "${currentPrimary}" and targetPrimary "${targetPrimary}"`,
    ),
    check(
      'all instances are ready',
      readyInstances !== (spec.instances ?? 0) &&
        `${readyInstances} of ${spec.instances ?? 0} instances are ready`,
    ),
    check('the primary is not fenced', isFenced(cluster, currentPrimary) && `${currentPrimary} is fenced`),
  ];
}

/** What is in the way of a pod itself. Anybody who may create pods there can make some that are labelled as instances. */
export function obstaclesTo(target: Pod, cluster: Cluster): number {
  return targetPreconditions(cluster, target, '').filter(({ obstacle }) => obstacle !== undefined).length;
}

function targetPreconditions(cluster: Cluster, target: Pod | undefined, place: string): Precondition[] {
  if (target === undefined) return [check('an instance is there', `no instance runs on ${place}`)];
  const { metadata } = target;
  const status = cluster.status ?? {};
  const { name } = metadata;
  const role = metadata.labels?.[CNPG_LABELS.instanceRole] ?? '';
  const timeline = status.instancesReportedState?.[name]?.timeLineID;
  return [
    check(
      'the instance is of this Cluster',
      !isOwnedBy(target, cluster) && `${name} belongs to another Cluster`,
    ),
    check('the instance stays', metadata.deletionTimestamp !== undefined && `${name} is being deleted`),
    check('the instance is ready', !isReady(target) && `${name} is not Ready`),
    check('the instance is a replica', role !== 'replica' && `${name} has the role "${role}"`),
    check('the instance is not fenced', isFenced(cluster, name) && `${name} is fenced`),
    check(
      'the operator calls the instance healthy',
      !(status.instancesStatus?.healthy ?? []).includes(name) && `${name} is not among the healthy instances`,
    ),
    {
      ...check(
        'the instance is on the timeline',
        (timeline === undefined || timeline !== status.timelineID) &&
          `${name} is on timeline ${timeline ?? '?'}, the Cluster on ${status.timelineID ?? '?'}`,
      ),
      mayBeOutdated: true,
    },
  ];
}

function nodePreconditions(node: Node | undefined, place: string): Precondition[] {
  if (node === undefined) return [check('its node is there', `${place} does not exist`)];
  const { name } = node.metadata;
  const taint = node.spec?.taints?.find(({ key }) => DRAIN_TAINTS.includes(key));
  return [
    check('its node is ready', !isReady(node) && `node ${name} is not Ready`),
    check('its node is not cordoned', node.spec?.unschedulable === true && `node ${name} is cordoned`),
    check('its node is not drained', taint !== undefined && `node ${name} has the taint ${taint.key}`),
  ];
}

/** In a topology, a primary that the operator still saw as a replica when it last looked is being promoted, too. */
function replicaObstacle(cluster: Cluster): string | false {
  if (isReplica(cluster)) return 'it is a replica cluster: its primary takes no writes';
  const isInTopology = cluster.spec?.replica !== undefined;
  const isPromoting = isInTopology && (awaitsToken(cluster) || isSeenAsReplica(cluster));
  return isPromoting && 'its promotion from a replica cluster is not over';
}

/** A JSON list of instance names, `*` for all. What cannot be read counts as fenced. */
function isFenced(cluster: Cluster, instance: string): boolean {
  const text = cluster.metadata.annotations?.['cnpg.io/fencedInstances'];
  if (text === undefined || text === '') return false;
  const value = readJson(text);
  return !Array.isArray(value) || value.includes('*') || value.includes(instance);
}

export function check(name: string, obstacle: string | false): Precondition {
  return { name, obstacle: obstacle === false ? undefined : obstacle };
}
