import { PROGRAM } from '../../contract/names.ts';
import type { KubeApi } from '../../kubernetes/api.ts';
import { ignoreForbidden, ignoreNotFound } from '../../kubernetes/errors.ts';
import { LEASES, type Lease } from '../../kubernetes/resources.ts';
import { type Clock, sleep } from '../../runtime/clock.ts';

/** Which replica of the controller leads. */
export interface Leader {
  /** Empty: the Lease was released and not acquired again. */
  readonly holder: string;
  readonly renewedAt: string;
  /** False: the Lease has expired, so nothing follows the primary. */
  readonly alive: boolean;
}

/** Added to the duration of the Lease, as the clock of this machine may differ from that of the cluster. */
const TOLERANCE_MS = 15_000;
const DEFAULT_SECONDS = 15;
/** A leader renews every two seconds or so. */
const RENEWED_WITHIN_MS = 4_000;
const POLL_MS = 500;

/** The controller’s Lease; undefined when there is none, as without leader election. Throws KubeError. */
export function readLease(api: Pick<KubeApi, 'get'>, namespace: string): Promise<Lease | undefined> {
  return api.get(LEASES, { namespace, name: PROGRAM }).catch(ignoreNotFound);
}

export function leaderOf({ spec = {} }: Lease, now: number): Leader {
  const {
    holderIdentity: holder = '',
    renewTime: renewedAt = '',
    leaseDurationSeconds = DEFAULT_SECONDS,
  } = spec;
  const age = now - Date.parse(renewedAt);
  return { holder, renewedAt, alive: holder !== '' && age < leaseDurationSeconds * 1_000 + TOLERANCE_MS };
}

/**
 * As `leaderOf`, but certain: a Lease that has expired by the clock of this machine is watched for a while, and a renewal
 * shows that the leader is alive, whatever the clocks say. `read` may throw KubeError.
 */
export async function watchedLeaderOf(
  lease: Lease,
  read: () => Promise<Lease | undefined>,
  clock: Clock,
  abort: AbortSignal,
): Promise<Leader> {
  const seen = leaderOf(lease, clock.now());
  const end = clock.elapsed() + RENEWED_WITHIN_MS;
  while (!seen.alive && seen.holder !== '' && clock.elapsed() < end) {
    await sleep(clock, POLL_MS, abort);
    abort.throwIfAborted();
    const now = leaderOf((await read()) ?? lease, clock.now());
    if (now.holder !== '' && now.renewedAt !== seen.renewedAt) return { ...now, alive: true };
  }
  return seen;
}

/**
 * Whether a controller of this namespace leads; true where nobody can know: without leader election there is no Lease, and
 * not every user may read it. Throws KubeError.
 */
export async function mayBeLed(
  api: KubeApi,
  namespace: string,
  clock: Clock,
  abort: AbortSignal,
): Promise<boolean> {
  const read = () => readLease(api, namespace).catch(ignoreForbidden);
  const lease = await read();
  return lease === undefined || (await watchedLeaderOf(lease, read, clock, abort)).alive;
}
