import { BACKUPS, CLUSTERS, type Cluster, CNPG_LABELS } from '../../cnpg/cluster.ts';
import { lookAgainPatch } from '../../cnpg/promotion.ts';
import type { KubeApi } from '../../kubernetes/api.ts';
import { isConflict } from '../../kubernetes/errors.ts';
import { listAll } from '../../kubernetes/pages.ts';
import { NODES, PODS } from '../../kubernetes/resources.ts';
import { type Clock, sleep, timestamp } from '../../runtime/clock.ts';
import { mayI } from '../cluster/access.ts';
import type { Published } from '../cluster/followers.ts';
import { clusterOf, subjectOf } from '../cluster/subject.ts';
import { CommandError } from '../exit-codes.ts';
import { recordsOf } from '../status/dns.ts';
import { mayBeLed } from '../status/leader.ts';
import { isPerhapsOutdated, type SwitchoverState } from './plan.ts';

/** The operator takes a second; one that is busy or away is not waited for longer. */
const LOOKED_AGAIN_MS = 20_000;
const LOOK_EVERY_MS = 500;

/** Reads all that the plan is made of. Throws KubeError, CommandError. */
export async function lookAtSituation(
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
  const key = clusterKey(published);
  const { namespace, name } = key;
  const [cluster, pods, nodes, backups, mayPatch, isLed] = await Promise.all([
    api.get(CLUSTERS, key, { abort }),
    listAll(api, PODS, { namespace, labelSelector: `${CNPG_LABELS.cluster}=${name}`, abort }),
    listAll(api, NODES, { abort }),
    listAll(api, BACKUPS, { namespace, abort }),
    mayI(
      api,
      {
        namespace,
        verb: 'patch',
        group: CLUSTERS.group,
        resource: CLUSTERS.plural,
        subresource: 'status',
        name,
      },
      abort,
    ),
    mayBeLed(api, published.namespace, clock, abort),
  ]);
  return { site, status, cluster, pods, nodes, backups, mayPatch, isLed, dns: recordsOf(published) };
}

/**
 * Where nothing is in the way but an old report of the operator, asks it to look again, and reads what it then says.
 * Throws as `look` does, and what the API server answers to the asking.
 */
export async function lookAfresh(
  api: KubeApi,
  clock: Clock,
  look: () => Promise<SwitchoverState>,
  abort: AbortSignal,
): Promise<SwitchoverState> {
  let situation = await look();
  const end = clock.elapsed() + LOOKED_AGAIN_MS;
  let asked: string | undefined;
  while (isPerhapsOutdated(situation) && clock.elapsed() < end) {
    const { cluster } = situation;
    // It writes its own reason when it has looked.
    if (asked !== undefined && cluster.status?.phaseReason !== asked) break;
    asked ??= await askToLookAgain(api, cluster, timestamp(clock), abort);
    await sleep(clock, LOOK_EVERY_MS, abort);
    situation = await look();
  }
  return situation;
}

/** Gives what it wrote; undefined when somebody was faster. */
async function askToLookAgain(
  api: KubeApi,
  cluster: Cluster,
  now: string,
  abort: AbortSignal,
): Promise<string | undefined> {
  const body = lookAgainPatch(cluster, now);
  try {
    await api.patch(CLUSTERS, cluster.metadata, body, { type: 'merge', subresource: 'status', abort });
    return body.status.phaseReason;
  } catch (error) {
    if (isConflict(error)) return undefined;
    throw error;
  }
}

export function clusterKey(published: Published): { readonly namespace: string; readonly name: string } {
  const key = clusterOf(published);
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
