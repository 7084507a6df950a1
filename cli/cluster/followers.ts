import { DEFAULT_FOLLOWER, LABELS, PROGRAM } from '../../contract/names.ts';
import { decodeStatus, type Status } from '../../contract/status.ts';
import type { KubeApi } from '../../kubernetes/api.ts';
import { ignoreForbidden } from '../../kubernetes/errors.ts';
import { listAll, listEach } from '../../kubernetes/pages.ts';
import { CONFIG_MAPS, type ConfigMap } from '../../kubernetes/resources.ts';
import { readJson } from '../../runtime/json.ts';
import { CommandError } from '../exit-codes.ts';
import { someOf } from '../text/some.ts';
import { installedIn } from './installations.ts';
import type { Session } from './session.ts';
import { whyUnpublished } from './unpublished.ts';

/** The status and report of one follower. */
export interface Published {
  readonly follower: string;
  readonly namespace: string;
  /** Name of the status ConfigMap. */
  readonly configMap: string;
  /** Undefined when it is malformed. */
  readonly status: Status | undefined;
  /** Its sections, each as JSON. */
  readonly report: Readonly<Record<string, string>>;
}

/** Of a session, what finds the controller. */
export type Search = Pick<Session, 'contextNamespace'> & { readonly api: KubeApi };

/** A label selector for the status and the report of every follower. */
export const PUBLISHED = `${LABELS.managedBy}=${PROGRAM},${LABELS.role} in (status,report)`;

/**
 * All followers of one controller. Of several controllers it is the one in the namespace of the kubeconfig’s context;
 * without one there, or without any controller, it throws CommandError.
 */
export async function findFollowers(
  session: Search,
  namespace: string | undefined,
): Promise<readonly Published[]> {
  const where = namespace ?? (await namespaceOf(session));
  const options = { labelSelector: PUBLISHED };
  const maps =
    where === undefined ? [] : await listAll(session.api, CONFIG_MAPS, { ...options, namespace: where });
  const found = published(maps);
  if (found.length === 0) throw new CommandError('unreachable', await whyUnpublished(session.api, namespace));
  return found;
}

/**
 * Where the controller is; undefined where there is none. Anybody who may create ConfigMaps can make some that look like a
 * controller's, with a megabyte in each: only where one is installed they count, and are read.
 */
async function namespaceOf(session: Search): Promise<string | undefined> {
  const everywhere = await namespacesWithStatus(session);
  return everywhere.length > 1 ? oneOf(everywhere, session) : everywhere[0];
}

async function oneOf(
  everywhere: readonly string[],
  { api, contextNamespace }: Search,
): Promise<string | undefined> {
  const installed = await installedIn(api);
  if (installed === undefined) {
    throw new CommandError(
      'usage',
      `There are status ConfigMaps in ${someOf(everywhere)}, and you may not list the ClusterRoleBindings that tell whose they are: say with -n where the controller is.`,
    );
  }
  const real = everywhere.filter((namespace) => installed.has(namespace));
  if (contextNamespace !== undefined && real.includes(contextNamespace)) return contextNamespace;
  const found = real.length > 0 ? real : everywhere;
  if (found.length === 1) return found[0];
  throw new CommandError('usage', `There are controllers in ${someOf(found)}: say which with -n.`);
}

/** The follower of that name; without a name the only one, or else the default. Throws CommandError. */
export function pickFollower(all: readonly Published[], name: string | undefined): Published {
  const wanted = name ?? (all.length === 1 ? all[0]?.follower : DEFAULT_FOLLOWER);
  const found = all.find(({ follower }) => follower === wanted);
  if (found !== undefined) return found;
  const names = all.map(({ follower }) => follower).join(', ');
  if (name === undefined)
    throw new CommandError('usage', `There are the followers ${names}: say which with --follower.`);
  throw new CommandError('unreachable', `There is no follower ${name}; there are: ${names}.`);
}

/** Sorted by namespace and name. */
export function published(maps: readonly ConfigMap[]): Published[] {
  const followerOf = ({ metadata }: ConfigMap) => metadata.labels?.[LABELS.follower] ?? '';
  return maps
    .filter((map) => roleOf(map) === 'status')
    .map((map) => {
      const { name: configMap, namespace = '' } = map.metadata;
      const follower = followerOf(map);
      const report = maps.find(
        (other) =>
          roleOf(other) === 'report' &&
          other.metadata.namespace === namespace &&
          followerOf(other) === follower,
      );
      return { follower, namespace, configMap, status: decodeStatus(map.data), report: report?.data ?? {} };
    })
    .toSorted((one, other) => keyOf(one).localeCompare(keyOf(other), 'en'));
}

const roleOf = ({ metadata }: ConfigMap) => metadata.labels?.[LABELS.role];

/** The default follower comes first. */
function keyOf({ namespace, follower }: Published): string {
  return `${namespace}/${follower === DEFAULT_FOLLOWER ? '' : follower}`;
}

/** Of all namespaces if that is allowed, else of those where the controller usually is. */
async function namespacesWithStatus({ api, contextNamespace }: Search): Promise<readonly string[]> {
  const search = async (where?: string) => {
    const options = { labelSelector: PUBLISHED, metadataOnly: true };
    const found = new Set<string>();
    const maps = listEach(api, CONFIG_MAPS, { ...options, ...(where !== undefined && { namespace: where }) });
    for await (const map of maps) if (roleOf(map) === 'status') found.add(map.metadata.namespace ?? '');
    return [...found].toSorted();
  };
  const everywhere = await search().catch(ignoreForbidden);
  if (everywhere !== undefined) return everywhere;
  const likely = [...new Set([PROGRAM, ...(contextNamespace === undefined ? [] : [contextNamespace])])];
  for (const where of likely) {
    const found = (await search(where).catch(ignoreForbidden)) ?? [];
    if (found.length > 0) return found;
  }
  throw new CommandError(
    'unreachable',
    `You may not list ConfigMaps everywhere, and found none in ${likely.join(', ')}: say with -n where the controller is.`,
  );
}

/** The value of a section of the report; undefined where it is missing or, as a user may have edited it, not JSON. */
export function section({ report }: Published, name: string): unknown {
  return readJson(report[name] ?? '');
}
