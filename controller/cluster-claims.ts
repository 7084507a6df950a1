import { Claims } from '../dns/claims.ts';
import type { Site } from '../settings/site.ts';
import type { Report } from './report.ts';

/** Of the report. */
const SECTION = 'claim';

/** What the cluster that is the site `own` tells other clusters in DNS, and finds of them there. */
export function claimsOf(own: Site, follower: string, report: Report, onRival: () => void): Claims {
  return new Claims({
    owner: own.cluster ?? own.name,
    site: own.name,
    follower,
    memory: report.get(SECTION),
    onChange: (memory) => report.set(SECTION, memory),
    onRival,
  });
}
