import { PEERS_SECTION, type ReportedPeer } from '../../contract/peers.ts';
import type { MemoryStore } from '../triggers/trigger.ts';
import type { PeerView } from './side.ts';

/** Of {@link Peers}, what a report tells. */
export interface PeerSource {
  readonly views: readonly PeerView[];
  onChange(listener: () => void): () => void;
}

/** Keeps what the peers say of `follower` in its report, for people, until `abort` fires. */
export function reportPeers(
  follower: string,
  report: Pick<MemoryStore, 'set'>,
  peers: PeerSource,
  abort: AbortSignal,
): void {
  const write = () =>
    report.set(
      PEERS_SECTION,
      peers.views.map((view) => reported(view, follower)),
    );
  write();
  abort.addEventListener('abort', peers.onChange(write), { once: true });
}

function reported({ site, answeredAt, problem, sides }: PeerView, follower: string): ReportedPeer {
  const found = sides.find((each) => each.follower === follower);
  const side = found && {
    site: found.site,
    activeSite: found.activeSite,
    phase: found.phase,
    claim: found.claim,
  };
  return { site, answered: answeredAt !== null, problem, side: side ?? null };
}
