import type { PeerView } from '../peers/side.ts';
import { isActive, type Side, sideOf } from '../peers/side.ts';
import type { FollowerView } from '../report/follower-view.ts';

/** One cluster of a topology, as it tells of itself. */
export interface ClusterModel {
  /** That it is by the configuration. */
  readonly site: string;
  readonly isOwn: boolean;
  /** By its own view, as far as that is heard of. */
  readonly isActive: boolean;
  /** Undefined where it has said nothing of this follower, or not yet. */
  readonly side: Side | undefined;
  /** Why it has not said anything the last time; empty when it has. */
  readonly problem: string;
  /** RFC 3339. Undefined for the own one, and before the first answer. */
  readonly answeredAt: string | undefined;
}

/** This cluster and its peers, in the order of the sites; none where the follower has no sites in other clusters. */
export function clustersOf(
  { name, status, report }: FollowerView,
  peers: readonly PeerView[],
): readonly ClusterModel[] {
  const own = status && sideOf(name, status, report.claim);
  const sites = status === undefined ? peers.map(({ site }) => site) : Object.keys(status.sites);
  const clusters = sites.flatMap((site): ClusterModel[] => {
    if (own !== undefined && site === own.site)
      return [{ site, isOwn: true, isActive: isActive(own), side: own, problem: '', answeredAt: undefined }];
    const peer = peers.find((each) => each.site === site);
    return peer === undefined ? [] : [clusterOf(peer, name)];
  });
  return clusters.some(({ isOwn }) => !isOwn) ? clusters : [];
}

function clusterOf({ site, answeredAt, problem, sides }: PeerView, follower: string): ClusterModel {
  const side = sides.find((each) => each.follower === follower);
  const isElsewhere = side !== undefined && side.site !== '' && side.site !== site;
  const wrong = isElsewhere
    ? `it is ${side.site}, so its URL in PEERS leads to another cluster`
    : `it shows no status of the follower ${follower}`;
  const hasNone = answeredAt !== null && (side === undefined || isElsewhere);
  return {
    site,
    isOwn: false,
    isActive: problem === '' && !isElsewhere && side !== undefined && isActive(side),
    side: isElsewhere ? undefined : side,
    problem: problem === '' && hasNone ? wrong : problem,
    answeredAt: answeredAt ?? undefined,
  };
}
