import type { Validity } from './trust.ts';

/** What decides on the next step. Times are milliseconds since 1970. */
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
   * After this, every API server has seen a change of the caBundle. They watch it, so it takes milliseconds; only one that
   * is cut off from etcd takes longer, and that one admits nothing.
   */
  readonly settleMs: number;
}

export type Step =
  | { readonly kind: 'keep' /** Milliseconds until something is due. */; readonly forMs: number }
  | { readonly kind: 'renew-leaf' | 'announce-authority' | 'switch-authority' | 'retire-previous' };

/**
 * The next step of a rotation in which no call fails: a new authority is first trusted (announce), signs only when every API
 * server trusts it (switch), and the old one is trusted until its last leaf has expired (retire).
 */
export function nextStep(inventory: Inventory, now: number, lifetimes: Lifetimes): Step {
  const { authority, leaf, next, previousUntil } = inventory;
  if (previousUntil !== undefined && now >= previousUntil) return { kind: 'retire-previous' };
  if (next !== undefined && next.settledMs >= lifetimes.settleMs) return { kind: 'switch-authority' };
  if (next === undefined && now >= dueAt(authority)) return { kind: 'announce-authority' };
  // A leaf cannot outlive its authority, so near its end a new one would gain nothing.
  const gains = Math.min(now + lifetimes.leafMs, authority.until) - leaf.until;
  if (!leaf.hasAllNames || (now >= dueAt(leaf) && gains > 0)) return { kind: 'renew-leaf' };
  const waits = [
    ...(next === undefined ? [dueAt(authority) - now] : [lifetimes.settleMs - next.settledMs]),
    ...(now < dueAt(leaf) ? [dueAt(leaf) - now] : []),
    ...(previousUntil === undefined ? [] : [previousUntil - now]),
  ];
  return { kind: 'keep', forMs: Math.min(...waits) };
}

/** When a third of the lifetime is left. */
function dueAt({ from, until }: Validity): number {
  return until - (until - from) / 3;
}
