import { CLUSTERS, type Cluster } from '../../cnpg/cluster.ts';
import { reconcileRequestPatch } from '../../cnpg/promotion.ts';
import type { KubeApi, ObjectKey } from '../../kubernetes/api.ts';
import { isConflict } from '../../kubernetes/errors.ts';
import { type Clock, sleep, timestamp } from '../../runtime/clock.ts';
import type { Published } from '../cluster/followers.ts';
import { listKept } from '../cluster/kept.ts';
import { NODES } from '../cluster/resources.ts';
import { clusterOf, subjectOf } from '../cluster/subject.ts';
import { CommandError } from '../exit-codes.ts';
import { recordsOf } from '../status/dns.ts';
import { readCluster } from './cluster.ts';
import { isPerhapsOutdated, type SwitchoverState } from './plan.ts';

/** The operator takes about a second, and longer only where it is busy or does not run. */
const RECONCILED_WITHIN_MS = 20_000;
const POLL_MS = 500;

/** Throws KubeError, CommandError. */
export async function readSwitchoverState(
  api: KubeApi,
  clock: Clock,
  published: Published,
  site: string,
  abort: AbortSignal,
): Promise<SwitchoverState> {
  const { status } = published;
  if (status === undefined) throw new CommandError('unreachable', 'The status ConfigMap cannot be read.');
  if (status.sites[site] === undefined) {
    throw new CommandError(
      'usage',
      `There is no site ${site}; there are: ${Object.keys(status.sites).join(', ')}.`,
    );
  }
  const [state, nodes] = await Promise.all([
    readCluster(api, clock, published, clusterKey(published), abort, 'status'),
    listKept(api, NODES),
  ]);
  return { ...state, site, status, nodes, dns: recordsOf(published) };
}

/**
 * Where only what the operator recorded at its last reconcile prevents the move, asks it to reconcile, and reads again.
 * Throws as `read` does, and KubeError.
 */
export async function readReconciled(
  api: KubeApi,
  clock: Clock,
  read: () => Promise<SwitchoverState>,
  abort: AbortSignal,
): Promise<SwitchoverState> {
  let state = await read();
  const end = clock.elapsed() + RECONCILED_WITHIN_MS;
  let asked: string | undefined;
  while (isPerhapsOutdated(state) && clock.elapsed() < end) {
    const { cluster } = state;
    // It overwrites our reason when it has reconciled.
    if (asked !== undefined && cluster.status?.phaseReason !== asked) break;
    asked ??= await requestReconcile(api, cluster, timestamp(clock));
    await sleep(clock, POLL_MS, abort);
    state = await read();
  }
  return state;
}

/** Gives the reason that it wrote; undefined when the Cluster was changed meanwhile. */
async function requestReconcile(api: KubeApi, cluster: Cluster, now: string): Promise<string | undefined> {
  const body = reconcileRequestPatch(cluster, now);
  try {
    await api.patch(CLUSTERS, cluster.metadata, body, { type: 'merge', subresource: 'status' });
    return body.status.phaseReason;
  } catch (error) {
    if (isConflict(error)) return undefined;
    throw error;
  }
}

export function clusterKey(published: Published): Required<ObjectKey> {
  const key = clusterOf(published, 'cnpg');
  if (key !== undefined) return key;
  const { kind } = subjectOf(published) ?? {};
  if (kind === 'cnpg-topology') {
    throw new CommandError(
      'usage',
      `Follower ${published.follower} follows a topology of several clusters: say both with --context and --to-context.`,
    );
  }
  const why =
    kind === undefined
      ? 'what it follows is unknown yet: its report lacks that'
      : `it follows by ${kind}, and only the primary of a CloudNativePG Cluster can be moved from here`;
  throw new CommandError('refused', `Follower ${published.follower} cannot be switched over: ${why}.`);
}
