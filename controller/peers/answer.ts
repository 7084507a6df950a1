import * as z from 'zod';
import { asSites, PHASES, type Status } from '../../contract/status.ts';
import { cut } from '../../kubernetes/cut.ts';
import { readJson } from '../../runtime/json.ts';
import { type Side, sideOf } from './side.ts';

/** As many as a controller may have. */
const MOST_FOLLOWERS = 16;
const LONGEST_NAME = 253;
const LONGEST_REASON = 1_024;

const text = (most: number) => z.string().transform((value) => cut(value, most));

/** zod would keep a problem for each node that is none. */
const sites = z.unknown().transform((value, context): Status['sites'] => {
  const read = asSites(value);
  if (read === undefined) {
    context.addIssue('must be nodes by site');
    return z.NEVER;
  }
  return Object.fromEntries(Object.entries(read).map(([site, nodes]) => [cut(site, LONGEST_NAME), nodes]));
});

const ANSWER = z.object({ followers: z.array(z.unknown()) });
const FOLLOWER = z.object({
  name: text(LONGEST_NAME),
  status: z.object({
    activeSite: text(LONGEST_NAME),
    activeNode: text(LONGEST_NAME),
    primary: text(LONGEST_NAME),
    phase: z.enum(PHASES),
    reason: text(LONGEST_REASON),
    epoch: z.int().min(0),
    since: text(LONGEST_NAME),
    lastUpdated: text(LONGEST_NAME),
    sites,
  }),
  report: z.object({ claim: z.unknown() }).catch({ claim: undefined }),
});

/**
 * What `/api/status` of a peer says, without followers that publish nothing or something malformed. Whoever answers in its
 * place may say anything: only this is kept, and each text has a bound. Undefined when it is no status of a controller.
 */
export function sidesIn(body: string): readonly Side[] | undefined {
  const answer = ANSWER.safeParse(readJson(body));
  if (!answer.success) return undefined;
  return answer.data.followers.slice(0, MOST_FOLLOWERS).flatMap((each) => {
    const follower = FOLLOWER.safeParse(each);
    if (!follower.success) return [];
    const { name, status, report } = follower.data;
    return [sideOf(name, status, report.claim)];
  });
}
