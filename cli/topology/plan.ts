import { type Cluster, isOwnedBy } from '../../cnpg/cluster.ts';
import { check, healthPreconditions, type Precondition } from '../../cnpg/preconditions.ts';
import { runningBackupsOf } from '../../cnpg/promotion.ts';
import { isReplica } from '../../cnpg/replica.ts';
import { roleInTopology } from '../../cnpg/topology.ts';
import { nextStep, type Step } from '../../cnpg/topology-switch.ts';
import { type Condition, conditionsIn, unmet } from '../switchover/plan.ts';
import { nameOf, type Side, type SideState } from './side.ts';
import { describeLag, type Lag } from './wal.ts';

export interface SidesPlan {
  readonly from: SideOfPlan;
  readonly to: SideOfPlan;
  /** The next one; the others follow from it. */
  readonly step: Step['kind'];
  readonly preconditions: readonly Condition[];
  readonly warnings: readonly string[];
}

interface SideOfPlan extends Pick<Side, 'context' | 'site'> {
  /** Its name in the topology. */
  readonly name: string;
  /** Namespace and name. */
  readonly cluster: string;
}

export interface SidesState {
  readonly from: SideState;
  readonly to: SideState;
  readonly lag: Lag | undefined;
}

/** Distributed topologies with tokens exist since this version. Source: its release notes. */
const OPERATOR = [1, 24] as const;
/** Two segments of WAL: while the rest arrives, nobody takes writes. */
const MAX_LAG_BYTES = 32n * 1024n * 1024n;

export function planOf(state: SidesState): SidesPlan {
  const step = nextStep({ from: state.from.cluster, to: state.to.cluster });
  return {
    from: sideOf(state.from),
    to: sideOf(state.to),
    step: step.kind,
    preconditions: conditionsIn(conditionsOf(state, step)),
    warnings: step.kind === 'done' || step.kind === 'refused' ? [] : warningsOf(state, step),
  };
}

export function isPossible({ preconditions }: SidesPlan): boolean {
  return unmet(preconditions).length === 0;
}

function sideOf(state: SideState): SideOfPlan {
  const { context, site, key } = state.side;
  return { context, site, name: nameOf(state), cluster: `${key.namespace}/${key.name}` };
}

function conditionsOf({ from, to, lag }: SidesState, step: Step): Precondition[] {
  if (step.kind === 'done') return [];
  const topology = check('both Clusters are of one topology', step.kind === 'refused' && step.why);
  const always = [topology, ...[from, to].flatMap(rightsOf), sameDatabase(from.cluster, to.cluster)];
  // Begun before: neither Cluster is healthy meanwhile, and only going on helps.
  if (step.kind !== 'demote' && step.kind !== 'refused') return always;
  const lagBytes = lag?.bytes ?? 0n;
  return [
    ...always,
    ...of(from, [...healthPreconditions(from.cluster), noBackup(from), knows(from, nameOf(to))]),
    ...of(to, [
      ...healthPreconditions(to.cluster),
      check('it replicates from the primary', replicaObstacle(to.cluster, nameOf(from))),
      knows(to, nameOf(to)),
      knows(to, nameOf(from)),
      check(
        'it applies WAL at once',
        to.cluster.spec?.replica?.minApplyDelay !== undefined &&
          'it has spec.replica.minApplyDelay, with which the operator refuses a token',
      ),
      check(
        'it is not far behind',
        lagBytes > MAX_LAG_BYTES &&
          `${describeLag(lag)}: nobody would take writes while that arrives. Wait until it has caught up`,
      ),
    ]),
  ];
}

function rightsOf(state: SideState): Precondition[] {
  const { side, mayPatch, isLed, pods } = state;
  const { namespace, name } = side.key;
  // Anybody who may create pods there can label one as an instance.
  const instances = pods.filter((pod) => isOwnedBy(pod, state.cluster));
  const old = instances.find((pod) => isTooOld(pod.metadata.annotations?.['cnpg.io/operatorVersion']));
  return of(state, [
    check('you have permission to change it', !mayPatch && `you may not patch clusters ${namespace}/${name}`),
    check('a controller leads', !isLed && `no controller runs in context ${side.context}`),
    check(
      'the operator knows tokens',
      old !== undefined &&
        `${old.metadata.name} is of an operator older than ${OPERATOR.join('.')}, which has none`,
    ),
  ]);
}

/** A version that cannot be read counts as new enough: the operator refuses what it does not know. */
function isTooOld(version = ''): boolean {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined || minor === undefined) return false;
  return Number(major) < OPERATOR[0] || (Number(major) === OPERATOR[0] && Number(minor) < OPERATOR[1]);
}

function noBackup({ backups, side }: SideState): Precondition {
  const running = runningBackupsOf(backups, side.key.name);
  return check('no backup runs', running.length > 0 && `Backup ${running.join(', ')} is running`);
}

/** The operator refuses a `primary` or `source` that is not listed. Source: CloudNativePG, validateReplicaMode. */
function knows({ cluster }: SideState, name: string): Precondition {
  const isListed = cluster.spec?.externalClusters?.some((external) => external.name === name) === true;
  return check(`it knows ${name}`, !isListed && `spec.externalClusters has no ${name}`);
}

function replicaObstacle(cluster: Cluster, primary: string): string | false {
  const { source = '', primary: named = '' } = cluster.spec?.replica ?? {};
  if (!isReplica(cluster)) return 'it is no replica cluster';
  if (named !== primary) return `its spec.replica.primary names ${named || 'nobody'} and not ${primary}`;
  return source === '' && 'it has no spec.replica.source';
}

function sameDatabase(from: Cluster, to: Cluster): Precondition {
  const [one, other] = [from.status?.systemID, to.status?.systemID];
  const differ = one !== undefined && other !== undefined && one !== other;
  return check(
    'both are of one database',
    differ && `their system identifiers differ, ${one} and ${other}: ${to.metadata.name} was made of another`,
  );
}

function warningsOf({ from, to, lag }: SidesState, step: Step): string[] {
  const known = [
    ...(from.cluster.spec?.externalClusters ?? []),
    ...(to.cluster.spec?.externalClusters ?? []),
  ];
  const members = new Set(known.map(({ name }) => name));
  const others = [...members].filter((name) => name !== nameOf(from) && name !== nameOf(to));
  const warnings: string[] = [];
  if (step.kind === 'demote' && lag === undefined)
    warnings.push(
      `How far ${nameOf(to)} is behind is not known: its instance gave no answer, or you may not get pods/proxy. Nobody takes writes until all has arrived.`,
    );
  if (roleInTopology(to.cluster).kind !== 'none' && others.length > 0)
    warnings.push(
      `Clusters that are members, too, have to name ${nameOf(to)} in spec.replica.primary afterwards, by hand: ${others.join(', ')}.`,
    );
  return warnings;
}

/** Adds the name of the side. */
function of(state: SideState, conditions: readonly Precondition[]): Precondition[] {
  return conditions.map((condition) => ({ ...condition, name: `${nameOf(state)}: ${condition.name}` }));
}
