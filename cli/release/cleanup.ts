import { LABELS, PROGRAM } from '../../contract/names.ts';
import type { KubeApi, ListOptions, ObjectKey, Resource } from '../../kubernetes/api.ts';
import { ignoreNotFound } from '../../kubernetes/errors.ts';
import { listEach } from '../../kubernetes/pages.ts';
import { hasEnded } from '../../kubernetes/ready.ts';
import { CONFIG_MAPS, type ConfigMap, LEASES, PODS, SECRETS } from '../../kubernetes/resources.ts';
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
  { namespace, copies, pods, leases, secrets, leftPods }: CleanupOptions,
  { api, clock, say }: CleanupPorts,
  abort: AbortSignal,
): Promise<void> {
  await podsEnded();
  const failures: string[] = [];
  const lists = [{ namespace }, ...copies.map((name) => ({ fieldSelector: `metadata.name=${name}` }))];
  const found = (await Promise.all(lists.map(configMaps))).flat();
  const all = new Map(found.map((key) => [`${key.namespace}/${key.name}`, key]));
  for (const key of all.values()) await remove(CONFIG_MAPS, key.name, key.namespace);
  for (const name of secrets) await remove(SECRETS, name, namespace);
  for (const name of leases) await remove(LEASES, name, namespace);
  for (const name of leftPods) await remove(PODS, name, namespace);
  if (failures.length > 0) throw new Error(`not everything could be removed: ${failures.join('; ')}`);

  async function podsEnded(): Promise<void> {
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
        if (staying.length > 0)
          throw new Refused(stillInstalled(staying.map(({ metadata }) => metadata.name)));
        say(`continuing although these pods have not ended: ${names}`);
        return;
      }
      await sleep(clock, POLL_MS, abort);
    }
  }

  /** Only their names are kept: anybody may create some that look like copies, with a megabyte of metadata. */
  async function configMaps(where: ListOptions): Promise<readonly ObjectKey[]> {
    const labelSelector = `${LABELS.managedBy}=${PROGRAM},${LABELS.role}`;
    const own: ObjectKey[] = [];
    for await (const map of listEach(api, CONFIG_MAPS, {
      ...where,
      labelSelector,
      metadataOnly: true,
      abort,
    }))
      if (isOwn(map)) own.push(keyIn(map));
    return own;
  }

  /** Not of another installation in this cluster. */
  function isOwn({ metadata }: ConfigMap): boolean {
    return metadata.namespace === namespace || metadata.labels?.[LABELS.source] === namespace;
  }

  async function remove(resource: Resource, name: string, from: string | undefined): Promise<void> {
    const what = `${resource.kind} ${from}/${name}`;
    try {
      const gone = api.delete(resource, { name, namespace: from ?? '' }, { abort }).then(() => true);
      if (await gone.catch(ignoreNotFound)) say(`removed ${what}`);
    } catch (error) {
      abort.throwIfAborted();
      failures.push(`${what}: ${explain(error)}`);
    }
  }
}

function keyIn({ metadata: { namespace = '', name } }: ConfigMap): ObjectKey {
  return { namespace, name };
}
