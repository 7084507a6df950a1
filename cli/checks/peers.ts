import { decodePeers, PEERS_SECTION, type ReportedPeer } from '../../contract/peers.ts';
import { ownSite } from '../../contract/status.ts';
import { decodeClaimMemory } from '../../dns/claims/claim-memory.ts';
import { type Published, section } from '../cluster/followers.ts';
import { clusterOf } from '../cluster/subject.ts';
import { type Check, type Finding, problem, skip, warning } from './check.ts';

/** As the leader asked them last: it does so every ten seconds. */
export const PEERS: Check = {
  name: 'peers',
  title: 'the other clusters of the topology answer, and agree on which one is active',
  find({ followers }) {
    const own = followers.filter((each) => clusterOf(each, 'cnpg-topology') !== undefined);
    if (own.length === 0) return Promise.resolve(skip('no follower has the trigger cnpg-topology'));
    const told = own.map((follower) => ({ follower, peers: decodePeers(section(follower, PEERS_SECTION)) }));
    if (told.every(({ peers }) => peers.length === 0)) {
      const ask = 'kubectl site-follower status with a --context for each shows all of them';
      return Promise.resolve(skip(`none are named in the setting peers; ${ask}`));
    }
    const findings = told.flatMap(({ follower, peers }) => peers.flatMap((peer) => judge(follower, peer)));
    const notes = told.flatMap(({ follower, peers }) => noteOf(follower, peers));
    return Promise.resolve({ findings, note: notes.join('; ') });
  },
};

function judge({ follower, status }: Published, { site, answered, problem: why, side }: ReportedPeer) {
  const about = `Peer ${site}`;
  if (why !== '') {
    const lost = 'it does not answer, so that nobody sees from here whether it is active, too';
    return [warning(about, `${lost}: ${why}`, adviceOn(why, site))];
  }
  if (!answered) return [warning(about, 'it was not asked yet', 'Look again in ten seconds.')];
  if (side === null) {
    const action =
      'Give the follower the same name in both clusters, and look at the log of the controller there.';
    return [warning(about, `its page shows no status of the follower ${follower}`, action)];
  }
  if (side.site !== '' && side.site !== site) {
    const text = `it is ${side.site}, so that its URL in peers leads to another cluster`;
    return [problem(about, text, `Give the URL of the page in ${site}.`)];
  }
  return status === undefined ? [] : disagreements(about, ownSite(status.sites), status, side);
}

type View = Pick<NonNullable<ReportedPeer['side']>, 'activeSite' | 'phase'>;

function disagreements(
  about: string,
  here: string,
  own: View,
  { site, ...there }: NonNullable<ReportedPeer['side']>,
): readonly Finding[] {
  if (own.activeSite === here && there.activeSite === site) {
    const action = 'Let spec.replica.primary of the one that was promoted earlier name the other one.';
    return [problem(about, `it takes itself for the active one, and so does ${here}`, action)];
  }
  if (own.activeSite === there.activeSite) {
    if (there.phase !== 'Held' || typeof there.claim === 'string') return [];
    const { owner, timeline } = there.claim;
    const text = `its Cluster takes itself for the primary, and stands by for the claim of ${owner} on timeline ${timeline}`;
    const action = `Let spec.replica.primary there name ${owner}, and make it anew as a replica. Where ${owner} is gone for good, remove its TXT record.`;
    return [warning(about, text, action)];
  }
  const text = `it says that ${there.activeSite || 'no site'} is active, and ${here} says ${own.activeSite || 'none'}`;
  const isMoving = [own, there].some(({ phase }) => phase === 'Transitioning');
  if (isMoving) return [warning(about, text, 'A move is under way: look again when it has ended.')];
  const action =
    'Compare spec.replica.primary of both Clusters. Right after a move, look again in ten seconds.';
  return [problem(about, text, action)];
}

function adviceOn(why: string, site: string): string {
  if (/certificate|self.signed/i.test(why))
    return 'Renew the certificate of its page, or name its authority in the ConfigMap of controller.proxy.caConfigMap.';
  return `Look at ${site} itself: kubectl site-follower status with its --context. Where it is lost: kubectl site-follower promote.`;
}

/** Which one is active, and what it has claimed in DNS. */
function noteOf(follower: Published, peers: readonly ReportedPeer[]): readonly string[] {
  const { activeSite = '', sites = {} } = follower.status ?? {};
  if (activeSite === '') return [];
  if (activeSite !== ownSite(sites)) {
    const { side } = peers.find(({ site }) => site === activeSite) ?? {};
    const claims = side?.claim === 'own' ? ', and has claimed its records' : '';
    return [`${activeSite} is active${claims}`];
  }
  const timelines = [...decodeClaimMemory(section(follower, 'claim')).made.values()].map(
    ({ timeline }) => timeline,
  );
  const claims = timelines.length > 0 ? `, and has claimed its records on timeline ${timelines[0]}` : '';
  return [`${activeSite} is active${claims}`];
}
