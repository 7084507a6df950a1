import * as z from 'zod';
import { didYouMean } from '../../runtime/suggest.ts';
import { apiUrl } from '../../settings/fields.ts';

/** Another Kubernetes cluster of the topology, as far as the page shows it. */
export interface Peer {
  /** Its site. */
  readonly site: string;
  /** Of its page. */
  readonly url: string;
}

const MOST_PEERS = 8;

const PEER_KEYS = {
  site: z.string('must be the name of a site, which is the Kubernetes cluster that has this page'),
  url: apiUrl(),
};

const peer = z.strictObject(PEER_KEYS, {
  error: (issue) =>
    issue.code === 'unrecognized_keys'
      ? `has unknown keys: ${issue.keys.map((key) => `"${key}"${didYouMean(key, Object.keys(PEER_KEYS))}`).join(', ')}`
      : 'must be an object such as {"site": "eu-west", "url": "https://follower.eu-west.example.com"}',
});

export const peersSchema = z
  .array(peer, 'must be a JSON array of peers: [{"site": …, "url": …}, …]')
  .max(MOST_PEERS, `must have at most ${MOST_PEERS} peers`)
  .superRefine((peers, context) => {
    peers.forEach(({ site }, index) => {
      if (peers.findIndex((other) => other.site === site) === index) return;
      context.addIssue({
        code: 'custom',
        path: [index, 'site'],
        message: `must differ: "${site}" is there already`,
      });
    });
  });

/** A site of a topology, and the Kubernetes cluster that the controller runs in. */
export interface Topology {
  readonly sites: readonly string[];
  readonly own: string | undefined;
}

/** What is wrong with the site of a peer, by what the followers are that have sites in several clusters. */
export function problemOfPeer(site: string, topologies: readonly Topology[]): string | undefined {
  if (topologies.length === 0) return 'has no use without a follower of the trigger cnpg-topology';
  if (topologies.some(({ own }) => own === site))
    return 'must be the site of another cluster: this is the one that the controller runs in';
  const known = topologies.flatMap(({ sites }) => sites);
  return known.includes(site) ? undefined : `must be one of the sites${didYouMean(site, known)}`;
}
