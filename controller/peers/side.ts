import { ownSite, type Phase, type Status } from '../../contract/status.ts';
import { decodeClaimMemory, firstRival } from '../../dns/claims/claim-memory.ts';

/** What one cluster of a topology says of one follower. For people: nothing is decided by it. */
export interface Side {
  readonly follower: string;
  /** Of the cluster; empty while it is not known. */
  readonly site: string;
  /** By its own view. */
  readonly activeSite: string;
  readonly phase: Phase;
  readonly reason: string;
  readonly epoch: number;
  /** Of PostgreSQL: to which its last promotion led, or which it replicates. Undefined while that is not known. */
  readonly timeline: number | undefined;
  /** Whose it is in the zones of its records, as far as it knows. */
  readonly claim: 'own' | 'none' | { readonly owner: string; readonly timeline: number };
}

/** Another cluster of the topology, as the page and `/api/status` show it. */
export interface PeerView {
  readonly site: string;
  /** RFC 3339: of the last answer; null before the first one. */
  readonly answeredAt: string | null;
  /** Why there was none the last time; empty when there was. */
  readonly problem: string;
  /** As it answered last. */
  readonly sides: readonly Side[];
}

/** `claim`: the section of its report. */
export function sideOf(follower: string, status: Status, claim: unknown): Side {
  const { activeSite, phase, reason, epoch, sites } = status;
  const { promotion, replicated, rivals, made } = decodeClaimMemory(claim);
  const rival = firstRival(rivals);
  const own = made.size > 0 ? 'own' : 'none';
  return {
    follower,
    site: ownSite(sites),
    activeSite,
    phase,
    reason,
    epoch,
    timeline: promotion?.timeline ?? replicated,
    claim: rival === undefined ? own : { owner: rival.owner, timeline: rival.timeline },
  };
}

export function isActive({ site, activeSite }: Side): boolean {
  return site !== '' && site === activeSite;
}
