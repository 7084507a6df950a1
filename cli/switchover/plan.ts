import { CNPG_LABELS } from '../../cnpg/cluster.ts';
import { type Precondition, promotionPreconditions } from '../../cnpg/preconditions.ts';
import { runningBackupsOf } from '../../cnpg/promotion.ts';
import type { Status } from '../../contract/status.ts';
import type { Node, Pod } from '../../kubernetes/resources.ts';
import { type DnsView, isStuck, troublesOf } from '../status/dns.ts';
import type { ClusterState } from './cluster.ts';

/** What is read before the primary is moved to `site`. */
export interface SwitchoverState extends ClusterState {
  readonly site: string;
  readonly status: Status;
  readonly nodes: readonly Node[];
  readonly dns: readonly DnsView[];
}

export interface Plan {
  readonly site: string;
  readonly cluster: string;
  readonly from: string;
  /** The instance to promote; null when none runs in the site. */
  readonly target: string | null;
  readonly node: string | null;
  /** It runs there already. */
  readonly isThere: boolean;
  readonly preconditions: readonly Condition[];
  /** What prevents not the move, but something from following. */
  readonly warnings: readonly string[];
}

/** A precondition, for programs. */
export interface Condition {
  readonly name: string;
  /** Null when it holds. */
  readonly obstacle: string | null;
}

export function conditionsIn(preconditions: readonly Precondition[]): Condition[] {
  return preconditions.map(({ name, obstacle = null }) => ({ name, obstacle }));
}

export function planFor(state: SwitchoverState): Plan {
  const { site, cluster, dns } = state;
  const { namespace, name } = cluster.metadata;
  const from = cluster.status?.currentPrimary ?? '';
  const { target, conditions } = choose(state);
  return {
    site,
    cluster: `${namespace}/${name}`,
    from,
    target: target?.metadata.name ?? null,
    node: target?.spec?.nodeName ?? null,
    isThere: target?.metadata.name === from && cluster.status?.targetPrimary === from,
    preconditions: conditionsIn(conditions),
    warnings: troublesOf(dns.filter(isStuck)).map((trouble) => `DNS will not follow: ${trouble}`),
  };
}

/** Only what the operator recorded at its last reconcile, perhaps hours ago, prevents the move. */
export function isPerhapsOutdated(state: SwitchoverState): boolean {
  const obstacles = unmet(choose(state).conditions);
  return obstacles.length > 0 && obstacles.every(({ mayBeOutdated }) => mayBeOutdated === true);
}

interface Choice {
  readonly target: Pod | undefined;
  readonly conditions: readonly Precondition[];
}

/** The primary, if it is in the site already; else the instance there with the fewest obstacles. */
function choose(state: SwitchoverState): Choice {
  const { site, status, cluster, pods } = state;
  const siteNodes = status.sites[site] ?? [];
  const instances = pods.filter(
    ({ metadata, spec }) =>
      metadata.labels?.[CNPG_LABELS.podRole] === 'instance' && siteNodes.includes(spec?.nodeName ?? ''),
  );
  const current = instances.find(({ metadata }) => metadata.name === cluster.status?.currentPrimary);
  const candidates = (current === undefined ? instances : [current])
    .map((target) => ({ target, conditions: conditionsOf(state, target) }))
    .toSorted((one, other) => unmet(one.conditions).length - unmet(other.conditions).length);
  return candidates[0] ?? { target: undefined, conditions: conditionsOf(state, undefined) };
}

export function unmet<T extends { readonly obstacle: string | null | undefined }>(
  conditions: readonly T[],
): T[] {
  return conditions.filter(({ obstacle }) => obstacle !== undefined && obstacle !== null);
}

function conditionsOf(state: SwitchoverState, target: Pod | undefined): Precondition[] {
  const { site, cluster, nodes, backups, mayPatch, isLed } = state;
  const { namespace, name } = cluster.metadata;
  const scene = {
    cluster,
    target,
    node: nodes.find(({ metadata }) => metadata.name === target?.spec?.nodeName),
    runningBackups: runningBackupsOf(backups, name),
    place: `a node of site ${site}`,
  };
  return [
    {
      name: 'you have permission to move it',
      obstacle: mayPatch
        ? undefined
        : `you may not patch clusters/status of ${namespace}/${name}: ask for that permission`,
    },
    {
      name: 'a controller leads',
      obstacle: isLed ? undefined : 'no controller runs, so nothing would follow the primary',
    },
    ...(target === undefined
      ? promotionPreconditions(scene).filter(({ name }) => name !== 'its node is there')
      : promotionPreconditions(scene).map((condition) => explained(condition, target))),
  ];
}

/** Adds what helps where the operator’s record may be outdated. */
function explained(condition: Precondition, target: Pod): Precondition {
  const { obstacle, mayBeOutdated } = condition;
  if (obstacle === undefined || mayBeOutdated !== true) return condition;
  const { name } = target.metadata;
  return {
    ...condition,
    obstacle: `${obstacle}; a replica reports a new timeline at its next restart point, some minutes after a failover: try again then, or run CHECKPOINT in the primary and after it in ${name}`,
  };
}
