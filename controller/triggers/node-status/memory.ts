import type { Clock } from '../../../kubernetes/clock.ts';
import type { Standing } from './judge.ts';

/** What has to survive a restart: or a failback that nobody wants would come with the next controller. */
export interface Remembered {
  readonly active: string;
  readonly standings: ReadonlyMap<string, Standing>;
}

/** The form in the report: times are RFC 3339. */
export function encode({ active, standings }: Remembered, clock: Clock): object {
  const sites = [...standings].map(([site, { ready, mark, since }]) => [
    site,
    { ready, mark, since: new Date(clock.now() - (clock.elapsed() - since)).toISOString() },
  ]);
  return { active, sites: Object.fromEntries(sites) as object };
}

/** Undefined when it is nothing that `encode` made. A standing that makes no sense is left out: it begins anew. */
export function decode(value: unknown, clock: Clock): Remembered | undefined {
  const { active, sites } = asRecord(value);
  if (typeof active !== 'string') return undefined;
  const standings = new Map<string, Standing>();
  for (const [site, entry] of Object.entries(asRecord(sites))) {
    const { ready, mark, since } = asRecord(entry);
    if (typeof ready !== 'boolean' || typeof mark !== 'string' || typeof since !== 'string') continue;
    const ageMs = clock.now() - Date.parse(since);
    if (ageMs >= 0) standings.set(site, { ready, mark, since: clock.elapsed() - ageMs });
  }
  return { active, standings };
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
