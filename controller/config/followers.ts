import { configMapName, REPORT_CONFIGMAP } from '../../contract/names.ts';
import type { FollowerSettings } from './schema.ts';

/** `path` is the place below the follower; the problem reads on from its key. */
export type ReportFollower = (
  index: number,
  path: readonly (string | number)[],
  got: unknown,
  problem: string,
) => void;

/** What no single follower shows: several must not get in each other's way. Undefined are those with problems. */
export function checkFollowers(
  followers: readonly (FollowerSettings | undefined)[],
  statusMap: string,
  report: ReportFollower,
): void {
  const maps = new Map<string, number>();
  const records = new Map<string, number>();
  for (const [index, follower] of followers.entries()) {
    if (follower === undefined) continue;
    const { name, dns } = follower;
    const twin = followers.findIndex((other) => other?.name === name);
    if (twin < index) report(index, ['name'], name, `must differ from that of follower [${twin}]`);
    else {
      for (const map of [configMapName(statusMap, name), configMapName(REPORT_CONFIGMAP, name)]) {
        const owner = maps.get(map);
        if (owner !== undefined) {
          report(index, ['name'], name, `leads to the ConfigMap ${map}, which follower [${owner}] has`);
        }
        maps.set(map, owner ?? index);
      }
    }
    for (const [place, { provider, records: listed }] of dns.entries()) {
      if (provider === 'none') continue;
      for (const { name: record } of listed) {
        const owner = records.get(record);
        if (owner !== undefined && owner !== index) {
          const problem = `must not be a record of follower [${owner}] as well`;
          report(index, ['dns', place, 'records'], record, problem);
        }
        records.set(record, owner ?? index);
      }
    }
  }
}
