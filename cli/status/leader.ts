import { PROGRAM } from '../../contract/names.ts';
import type { KubeApi } from '../../kubernetes/api.ts';
import { ignoreNotFound, isForbidden } from '../../kubernetes/errors.ts';
import { LEASES, type Lease } from '../../kubernetes/resources.ts';
import { type Clock, sleep } from '../../runtime/clock.ts';

/** Which replica of the controller leads. */
export interface Leader {
  /** Empty: the Lease was released, and nobody has taken it. */
  readonly holder: string;
  readonly renewedAt: string;
  /** False: it was not renewed for so long that nobody leads, and nothing follows the primary any more. */
  readonly alive: boolean;
}

/** The clock of this machine need not be that of the cluster, so more than the Lease allows. */
const TOLERANCE_MS = 15_000;
const DEFAULT_SECONDS = 15;
/** A leader renews every two seconds or so. */
const RENEWED_WITHIN_MS = 4_000;
const LOOK_EVERY_MS = 500;

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
 * As `leaderOf`, where something hangs on it: one that looks dead by the clock of this machine is watched for a while. A
 * renewal shows that it lives, whatever the clocks say. `read` may throw KubeError.
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
    await sleep(clock, LOOK_EVERY_MS, abort);
    abort.throwIfAborted();
    const now = leaderOf((await read()) ?? lease, clock.now());
    if (now.holder !== '' && now.renewedAt !== seen.renewedAt) return { ...now, alive: true };
  }
  return seen;
}

/**
 * Whether a controller of this namespace leads, so that what is moved is followed. Also where that cannot be known: without
 * leader election there is no Lease, and not everybody may read it. Throws KubeError.
 */
export async function mayBeLed(
  api: KubeApi,
  namespace: string,
  clock: Clock,
  abort: AbortSignal,
): Promise<boolean> {
  const read = () =>
    api
      .get(LEASES, { namespace, name: PROGRAM }, { abort })
      .catch((error: unknown) => (isForbidden(error) ? undefined : ignoreNotFound(error)));
  const lease = await read();
  return lease === undefined || (await watchedLeaderOf(lease, read, clock, abort)).alive;
}
