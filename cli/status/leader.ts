import type { Lease } from '../../kubernetes/resources.ts';

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

export function leaderOf({ spec = {} }: Lease, now: number): Leader {
  const {
    holderIdentity: holder = '',
    renewTime: renewedAt = '',
    leaseDurationSeconds = DEFAULT_SECONDS,
  } = spec;
  const age = now - Date.parse(renewedAt);
  return { holder, renewedAt, alive: holder !== '' && age < leaseDurationSeconds * 1_000 + TOLERANCE_MS };
}
