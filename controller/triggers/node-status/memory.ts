import * as z from 'zod';
import type { Clock } from '../../../runtime/clock.ts';
import type { SiteReadiness } from './choose-site.ts';

/** What has to survive a restart. Without it, the next controller would fail back against the configuration. */
export interface Remembered {
  readonly active: string;
  readonly standings: ReadonlyMap<string, SiteReadiness>;
}

/**
 * The form in the report. It says how long each site was seen to stand as it does, and not since when: a time of one
 * replica's clock means nothing on that of another, and a site would be given up too early by as much as they differ.
 */
export function encode({ active, standings }: Remembered, clock: Clock): object {
  const sites = [...standings].map(([site, { ready, mark, since }]) => [
    site,
    { ready, mark, lastedMs: Math.max(0, Math.floor(clock.elapsed() - since)) },
  ]);
  return { active, sites: Object.fromEntries(sites) as object };
}

const MEMORY = z.object({ active: z.string(), sites: z.record(z.string(), z.unknown()).catch({}) });
const STANDING = z.object({ ready: z.boolean(), mark: z.string(), lastedMs: z.number().min(0) });

/** Undefined when it is nothing that `encode` made. A standing that makes no sense is left out: it starts again. */
export function decode(value: unknown, clock: Clock): Remembered | undefined {
  const memory = MEMORY.safeParse(value).data;
  if (memory === undefined) return undefined;
  const standings = new Map<string, SiteReadiness>();
  for (const [site, entry] of Object.entries(memory.sites)) {
    const known = STANDING.safeParse(entry).data;
    if (known === undefined) continue;
    const { ready, mark, lastedMs } = known;
    // Nobody has seen what was between its last word and now.
    standings.set(site, { ready, mark, since: clock.elapsed() - lastedMs });
  }
  return { active: memory.active, standings };
}
