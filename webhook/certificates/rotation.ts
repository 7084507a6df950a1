import type { Validity } from './trust.ts';

/** What the decision looks at. Times are milliseconds since 1970. */
export interface Inventory {
  readonly authority: Validity;
  readonly leaf: Validity & { readonly hasAllNames: boolean };
  /** For how many milliseconds every API server must have known the next authority; undefined without one. */
  readonly next?: { readonly settledMs: number };
  readonly previousUntil?: number;
}

export interface Lifetimes {
  readonly authorityMs: number;
  readonly leafMs: number;
  /**
   * How long a change of the caBundle takes at most to reach every API server. They watch it, so it takes
   * milliseconds; only a replica of the API server that is cut off from etcd can be later, and it admits nothing.
   */
  readonly settleMs: number;
}

export type Step =
  | { readonly kind: 'keep' /** Milliseconds until something is due. */; readonly forMs: number }
  | { readonly kind: 'renew-leaf' | 'announce-authority' | 'switch-authority' | 'retire-previous' };

/**
 * The next step of a rotation that breaks no call: a new authority is trusted first (announce), signs only when that
 * is known everywhere (switch), and the old one is trusted until its last leaf has ended (retire).
 */
export function nextStep(inventory: Inventory, now: number, lifetimes: Lifetimes): Step {
  const { authority, leaf, next, previousUntil } = inventory;
  if (previousUntil !== undefined && now >= previousUntil) return { kind: 'retire-previous' };
  if (next !== undefined && next.settledMs >= lifetimes.settleMs) return { kind: 'switch-authority' };
  if (next === undefined && now >= dueAt(authority)) return { kind: 'announce-authority' };
  // A leaf cannot outlive its authority: one that would not end later is not worth a change.
  const gains = Math.min(now + lifetimes.leafMs, authority.until) - leaf.until;
  if (!leaf.hasAllNames || (now >= dueAt(leaf) && gains > 0)) return { kind: 'renew-leaf' };
  const waits = [
    ...(next === undefined ? [dueAt(authority) - now] : [lifetimes.settleMs - next.settledMs]),
    ...(now < dueAt(leaf) ? [dueAt(leaf) - now] : []),
    ...(previousUntil === undefined ? [] : [previousUntil - now]),
  ];
  return { kind: 'keep', forMs: Math.min(...waits) };
}

/** At one third left. */
function dueAt({ from, until }: Validity): number {
  return until - (until - from) / 3;
}
