import * as z from 'zod';
import { PHASES } from './status.ts';

/** The section of the report that says what the other clusters of a topology say, for `kubectl site-follower check`. */
export const PEERS_SECTION = 'peers';

/** Another cluster of the topology, as far as it tells of the follower. */
export type ReportedPeer = z.infer<typeof PEER>;

const PEER = z.object({
  /** By the configuration. */
  site: z.string(),
  /** It has answered at least once. */
  answered: z.boolean(),
  /** Why it did not the last time; empty when it did. */
  problem: z.string(),
  /** As it answered last; null where it has shown no status of the follower. */
  side: z
    .object({
      /** Its own by its own view; empty while it is not known. */
      site: z.string(),
      activeSite: z.string(),
      phase: z.enum(PHASES),
      claim: z.union([z.enum(['own', 'none']), z.object({ owner: z.string(), timeline: z.number() })]),
    })
    .nullable(),
});

/** Entries that are none (edited by hand) are left out. */
export function decodePeers(value: unknown): readonly ReportedPeer[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((each) => PEER.safeParse(each).data ?? []);
}
