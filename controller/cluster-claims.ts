import { Claims } from '../dns/claims.ts';
import type { Leadership } from '../kubernetes/leadership.ts';
import { type Clock, withDeadline } from '../runtime/clock.ts';
import type { Site } from '../settings/site.ts';
import type { Report } from './report.ts';

export interface ClusterClaimsPorts {
  readonly follower: string;
  readonly report: Report;
  readonly clock: Clock;
  readonly leadership: Leadership;
  /** Another cluster goes before this one, or no longer does. */
  readonly onRival: () => void;
}

/** Of the report. */
const SECTION = 'claim';
/** To stand by must not wait for longer. */
const REMEMBERED_WITHIN_MS = 1_000;

/** What the cluster that is the site `own` tells other clusters in DNS, and finds of them there. */
export function claimsOf(
  own: Site,
  { follower, report, clock, leadership, onRival }: ClusterClaimsPorts,
): Claims {
  const remembered = () =>
    withDeadline(clock, REMEMBERED_WITHIN_MS, leadership.abort, 'the report', () => report.save(leadership));
  return new Claims({
    owner: own.cluster ?? own.name,
    site: own.name,
    follower,
    memory: report.get(SECTION),
    onChange: (memory) => report.set(SECTION, memory),
    // The next leader would be active again until it can read the zone. What fails here is written later.
    onRival: () => void remembered().then(onRival, onRival),
  });
}
