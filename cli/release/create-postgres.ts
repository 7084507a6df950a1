import { CLUSTERS, type Cluster } from '../../cnpg/cluster.ts';
import type { KubeApi } from '../../kubernetes/api.ts';
import { ignoreNotFound, isConflict, isForbidden, isNotFound, KubeError } from '../../kubernetes/errors.ts';
import { backoff } from '../../runtime/backoff.ts';
import { type Clock, type Random, sleep } from '../../runtime/clock.ts';
import { explain } from '../../runtime/explain.ts';
import { Refused } from './refused.ts';

export interface CreatePorts {
  readonly api: Pick<KubeApi, 'get' | 'patch'>;
  readonly clock: Clock;
  readonly random: Random;
  /** Writes one line to the log of the Job. */
  readonly say: (line: string) => void;
}

export interface CreateOptions {
  readonly timeoutMs: number;
  /** Leaves a Cluster alone that the chart did not create, as this one was not explicitly asked for. */
  readonly unlessMadeByOthers?: boolean;
}

/** The same in each release, so that a later one adopts the Cluster. */
export const FIELD_MANAGER = 'kube-site-follower-chart';

const RETRY = { base: 500, max: 5_000 };
/** A new Role takes a moment to reach every API server, and the Job starts right after it was created. */
const ROLE_SPREADS_MS = 30_000;

/**
 * Creates or updates the Cluster by server-side apply, so that fields of other managers stay. Right after an installation
 * the CRD or the operator’s webhook may be missing, so it retries for `timeoutMs`. Throws Refused when a retry cannot help.
 */
export async function createPostgres(
  cluster: Cluster,
  { api, clock, random, say }: CreatePorts,
  { timeoutMs, unlessMadeByOthers = false }: CreateOptions,
  abort: AbortSignal,
): Promise<void> {
  const what = nameOf(cluster);
  const began = clock.elapsed();
  let said = '';
  for (let attempt = 0; ; attempt += 1) {
    abort.throwIfAborted();
    try {
      const isLeft = unlessMadeByOthers && (await isMadeByOthers(api, cluster, abort));
      say(
        isLeft
          ? `${what} is there already and was not made by the chart: it is left as it is`
          : `${what} is as the chart defines it (generation ${await apply(api, cluster, abort)})`,
      );
      return;
    } catch (error) {
      abort.throwIfAborted();
      const waited = clock.elapsed() - began;
      if (!isPassing(error, waited)) throw new Refused(refusal(what, error), { cause: error });
      if (waited > timeoutMs) {
        const hint = isNotFound(error) ? ': is the CloudNativePG operator installed?' : '';
        throw new Error(`${what} could not be made within ${timeoutMs / 1_000} s${hint}`, { cause: error });
      }
      const line = `waiting: ${explain(error)}`;
      if (line !== said) say(line);
      said = line;
    }
    await sleep(clock, backoff(attempt, RETRY, random), abort);
  }
}

function nameOf({ metadata: { namespace = '', name } }: Cluster): string {
  return `Cluster ${namespace}/${name}`;
}

/** Gives its generation. */
async function apply(
  api: CreatePorts['api'],
  cluster: Cluster,
  abort: AbortSignal,
): Promise<number | undefined> {
  const { metadata } = await api.patch<Cluster>(
    CLUSTERS,
    cluster.metadata,
    { ...cluster, apiVersion: `${CLUSTERS.group}/${CLUSTERS.version}`, kind: CLUSTERS.kind },
    { type: 'apply', fieldManager: FIELD_MANAGER, abort },
  );
  return metadata.generation;
}

async function isMadeByOthers(
  api: CreatePorts['api'],
  cluster: Cluster,
  abort: AbortSignal,
): Promise<boolean> {
  const found = await api.get(CLUSTERS, cluster.metadata, { abort }).catch(ignoreNotFound);
  return found !== undefined && !(found.metadata.managedFields ?? []).some(isOurs);
}

function isOurs({ manager }: { readonly manager?: string }): boolean {
  return manager === FIELD_MANAGER;
}

/** Whether the error may pass by itself: no CRD or webhook yet, or a server that is busy or down. */
function isPassing(error: unknown, waited: number): boolean {
  if (!(error instanceof KubeError)) return false;
  const { status } = error;
  if (isSchemaError(error)) return false;
  if (isForbidden(error)) return waited < ROLE_SPREADS_MS;
  return status === 0 || status === 404 || status === 429 || status >= 500;
}

/**
 * The CRD has no such field, or another type there. API servers answer a server-side apply of it with 500 and no reason,
 * so only the text tells it from a failing server (kubernetes/kubernetes#139253).
 */
function isSchemaError(error: unknown): boolean {
  return error instanceof KubeError && error.message.includes('failed to create typed patch object');
}

function refusal(what: string, error: unknown): string {
  if (isConflict(error)) {
    return `${what} has fields that another field manager has set to other values, and they are left as they are: set the same under postgres in the chart's values, or release the ownership of these fields`;
  }
  return isSchemaError(error)
    ? `${what} was refused, as the operator's resource definition has no such field or another type there: correct under postgres in the chart's values what is named here, and upgrade the release`
    : `${what} was refused`;
}
