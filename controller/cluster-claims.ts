import type { HoldReason } from '../contract/reasons.ts';
import type { Status } from '../contract/status.ts';
import { Claims } from '../dns/claims/claims.ts';
import type { Leadership } from '../kubernetes/leadership.ts';
import { type Clock, withDeadline } from '../runtime/clock.ts';
import type { Site } from '../settings/site.ts';
import type { MemoryStore } from './triggers/trigger.ts';

export interface ClusterClaimsPorts {
  readonly follower: string;
  readonly report: MemoryStore;
  /** By whoever led last. */
  readonly published: Status | undefined;
  readonly clock: Clock;
  readonly leadership: Leadership;
  /** Another cluster takes precedence over this one, or no longer does. */
  readonly onRival: () => void;
}

/** Of the report. */
const SECTION = 'claim';
const OVERTAKEN: HoldReason = 'ClaimedElsewhere';
/** To stand by, and to become active, must not wait for longer. */
const REMEMBERED_WITHIN_MS = 1_000;

/** What the cluster that is the site `own` publishes in DNS for other clusters, and finds of them there. */
export function claimsOf(
  own: Site,
  { follower, report, published, clock, leadership, onRival }: ClusterClaimsPorts,
): Claims {
  const remember = () =>
    withDeadline(clock, REMEMBERED_WITHIN_MS, leadership.abort, 'the report', () =>
      report.save(leadership),
    ).catch(() => undefined); // The report is written again, and says then what is wrong.
  return new Claims({
    owner: own.cluster ?? own.name,
    site: own.name,
    follower,
    memory: report.get(SECTION),
    publishedRival: publishedRival(published),
    onChange: (memory) => report.set(SECTION, memory),
    remember,
    elapsed: () => clock.elapsed(),
    // The next leader would be active again until it can read the zone.
    onRival: () => void remember().then(onRival),
  });
}

function publishedRival(published: Status | undefined) {
  if (published?.reason.startsWith(`${OVERTAKEN}:`) !== true) return undefined;
  return { owner: published.primary, site: published.activeSite };
}
