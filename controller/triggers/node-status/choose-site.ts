/** What is seen of a site. */
export interface SiteFacts {
  readonly site: string;
  /** It has enough ready nodes. */
  readonly ready: boolean;
  /**
   * Changes whenever a node of the site becomes ready or stops to be, also when that was between two looks. Opaque:
   * it is made of the time stamps of other clocks.
   */
  readonly mark: string;
}

/** How long it has been so. */
export interface SiteReadiness {
  readonly ready: boolean;
  readonly mark: string;
  /** Milliseconds of the monotonic clock. */
  readonly since: number;
}

export interface Rules {
  readonly unreadyAfterMs: number;
  /** Undefined: only a human brings the service back. */
  readonly stableForMs: number | undefined;
}

export type SiteChoice =
  /** `dueMs`: when the same facts lead to another choice. */
  | { readonly kind: 'active'; readonly site: string; readonly dueMs?: number }
  | { readonly kind: 'waiting'; readonly site: string; readonly dueMs: number }
  | { readonly kind: 'none ready' };

/** Since when each site stands as it does. What is new, or was interrupted, begins now. */
export function trackReadiness(
  facts: readonly SiteFacts[],
  before: ReadonlyMap<string, SiteReadiness>,
  now: number,
): Map<string, SiteReadiness> {
  return new Map(
    facts.map(({ site, ready, mark }) => {
      const known = before.get(site);
      const same = known !== undefined && known.ready === ready && known.mark === mark;
      return [site, same ? known : { ready, mark, since: now }];
    }),
  );
}

/** Which site is to be active. `standing` is in the order of preference; `active` is empty at the very first time. */
export function chooseSite(
  standing: ReadonlyMap<string, SiteReadiness>,
  active: string,
  now: number,
  { unreadyAfterMs, stableForMs }: Rules,
): SiteChoice {
  const ready = [...standing].filter(([, { ready }]) => ready).map(([site]) => site);
  const current = standing.get(active);
  if (current === undefined) return firstOf(ready);
  if (!current.ready) {
    const dueMs = current.since + unreadyAfterMs - now;
    return dueMs > 0 ? { kind: 'waiting', site: active, dueMs } : firstOf(ready);
  }
  if (stableForMs === undefined) return { kind: 'active', site: active };
  const names = [...standing.keys()];
  const better = ready
    .filter((site) => names.indexOf(site) < names.indexOf(active))
    .map((site) => ({ site, dueMs: (standing.get(site)?.since ?? now) + stableForMs - now }));
  const stable = better.find(({ dueMs }) => dueMs <= 0);
  if (stable !== undefined) return { kind: 'active', site: stable.site };
  const dueMs = Math.min(...better.map((other) => other.dueMs));
  return { kind: 'active', site: active, ...(better.length > 0 && { dueMs }) };
}

function firstOf([site]: readonly string[]): SiteChoice {
  return site === undefined ? { kind: 'none ready' } : { kind: 'active', site };
}
