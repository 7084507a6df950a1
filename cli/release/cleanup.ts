import { LABELS, PROGRAM } from '../../contract/names.ts';
import type { KubeApi, ListOptions, ObjectKey, Resource } from '../../kubernetes/api.ts';
import { ignoreNotFound } from '../../kubernetes/errors.ts';
import { listEach } from '../../kubernetes/pages.ts';
import { hasEnded } from '../../kubernetes/ready.ts';
import { CONFIG_MAPS, LEASES, PODS, SECRETS } from '../../kubernetes/resources.ts';
import { type Clock, sleep } from '../../runtime/clock.ts';
import { explain } from '../../runtime/explain.ts';
import { Refused } from './refused.ts';

export interface CleanupPorts {
  readonly api: Pick<KubeApi, 'list' | 'delete'>;
  readonly clock: Clock;
  readonly say: (line: string) => void;
}

export interface CleanupOptions {
  /** Of the release. */
  readonly namespace: string;
  /** Names of the status ConfigMaps, of which other namespaces have copies. */
  readonly copies: readonly string[];
  /** A label selector: while such pods run, they would create again what is removed. */
  readonly pods: string;
  readonly leases: readonly string[];
  readonly secrets: readonly string[];
  /** Pods of hooks, which Helm leaves when they fail. */
  readonly leftPods: readonly string[];
}

/** Without `--no-hooks`, `helm template` renders this Job, too, and applying its output runs it at the installation. */
function stillInstalled(pods: readonly string[]): string {
  return `nothing was removed, as nobody has deleted these pods: ${pods.join(', ')}. This Job is for after an uninstallation`;
}

const POLL_MS = 500;
/** Pods of a lost node never end, but do not reach the API server either. */
const PODS_END_MS = 120_000;

/**
 * Removes what the processes have created, which Helm does not know of. Rejects with one message for everything that could
 * not be removed.
 */
export async function cleanup(
  options: CleanupOptions,
  ports: CleanupPorts,
  abort: AbortSignal,
): Promise<void> {
  const { namespace, secrets, leases, leftPods } = options;
  await awaitPodsEnd(options, ports, abort);
  const maps = await ownConfigMaps(options, ports, abort);
  const named = (resource: Resource, names: readonly string[]) =>
    names.map((name) => ({ resource, key: { namespace, name } }));
  const doomed = [
    ...maps.map((key) => ({ resource: CONFIG_MAPS as Resource, key })),
    ...named(SECRETS, secrets),
    ...named(LEASES, leases),
    ...named(PODS, leftPods),
  ];
  const failures: string[] = [];
  for (const { resource, key } of doomed) {
    const failure = await remove(resource, key, ports, abort);
    if (failure !== undefined) failures.push(failure);
  }
  if (failures.length > 0) throw new Error(`not everything could be removed: ${failures.join('; ')}`);
}

async function awaitPodsEnd(
  { namespace, pods }: CleanupOptions,
  { api, clock, say }: CleanupPorts,
  abort: AbortSignal,
): Promise<void> {
  const began = clock.elapsed();
  for (let isFirst = true; ; isFirst = false) {
    abort.throwIfAborted();
    const { items } = await api.list(PODS, { namespace, labelSelector: pods, abort });
    const running = items.filter((pod) => !hasEnded(pod));
    if (running.length === 0) return;
    const names = running.map((pod) => pod.metadata.name).join(', ');
    if (isFirst) say(`waiting for these pods to end: ${names}`);
    if (clock.elapsed() - began > PODS_END_MS) {
      const staying = running.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      if (staying.length > 0) throw new Refused(stillInstalled(staying.map(({ metadata }) => metadata.name)));
      say(`continuing although these pods have not ended: ${names}`);
      return;
    }
    await sleep(clock, POLL_MS, abort);
  }
}

/**
 * All in the namespace of the release, and the copies elsewhere that are not of another installation. Only their names are
 * kept: anybody may create some that look like copies, with a megabyte of metadata.
 */
async function ownConfigMaps(
  { namespace, copies }: CleanupOptions,
  { api }: CleanupPorts,
  abort: AbortSignal,
): Promise<readonly Required<ObjectKey>[]> {
  const labelSelector = `${LABELS.managedBy}=${PROGRAM},${LABELS.role}`;
  const list = async (where: ListOptions): Promise<readonly Required<ObjectKey>[]> => {
    const own: Required<ObjectKey>[] = [];
    const options = { ...where, labelSelector, metadataOnly: true, abort };
    for await (const { metadata } of listEach(api, CONFIG_MAPS, options)) {
      const { namespace: from = '', name } = metadata;
      const isOwn = from === namespace || metadata.labels?.[LABELS.source] === namespace;
      if (isOwn) own.push({ namespace: from, name });
    }
    return own;
  };
  const places = [{ namespace }, ...copies.map((name) => ({ fieldSelector: `metadata.name=${name}` }))];
  const found = (await Promise.all(places.map(list))).flat();
  return [...new Map(found.map((key) => [`${key.namespace}/${key.name}`, key])).values()];
}

/** What failed; undefined when it is gone. */
async function remove(
  resource: Resource,
  key: Required<ObjectKey>,
  { api, say }: CleanupPorts,
  abort: AbortSignal,
): Promise<string | undefined> {
  const what = `${resource.kind} ${key.namespace}/${key.name}`;
  try {
    const gone = api.delete(resource, key, { abort }).then(() => true);
    if (await gone.catch(ignoreNotFound)) say(`removed ${what}`);
    return undefined;
  } catch (error) {
    abort.throwIfAborted();
    return `${what}: ${explain(error)}`;
  }
}
