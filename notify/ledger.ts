import * as z from 'zod';
import type { Transition } from '../contract/history.ts';
import { holdReason } from '../contract/reasons.ts';
import type { Status } from '../contract/status.ts';
import { fromStatus, fromTransition, NOTIFICATIONS, type Notification } from './notifications.ts';

/**
 * What was delivered to each target and what is still queued: the section `notify` of the report, which the next
 * leader goes on from. Holds no URL and no secret.
 */
export interface Ledger {
  /** While the last site is held: since when, and whether that was queued. */
  readonly hold?: { readonly since: string; readonly told: boolean } | undefined;
  readonly targets: Readonly<Record<string, TargetLedger>>;
}

export interface TargetLedger {
  /** All changes of site up to this epoch were queued. */
  readonly epoch: number;
  /** Oldest first; at most {@link MOST_WAITING}. */
  readonly waiting: readonly Waiting[];
  /** How often the oldest had to make room for a newer one. */
  readonly dropped: number;
  /** Absent until the first one was delivered or given up. */
  readonly last?: Outcome | undefined;
}

export interface Waiting {
  readonly notification: Notification;
  /** RFC 3339: when it was queued, by the clock of who did it. */
  readonly since: string;
  readonly attempts: number;
  /** Why the last attempt failed; absent before the first and while all is well. */
  readonly problem?: string | undefined;
}

export interface Outcome {
  readonly id: string;
  readonly kind: string;
  readonly outcome: 'delivered' | 'given up';
  readonly at: string;
  readonly attempts: number;
  readonly problem?: string | undefined;
}

export const MOST_WAITING = 32;
/** Each failover holds for some seconds: that is not worth a notification. */
const HOLD_MS = 60_000;

export interface Standing {
  readonly follower: string;
  /** Unique to this follower of this installation. */
  readonly source: string;
  readonly status: Status;
  readonly history: readonly Transition[];
  /** Names of the configured targets. */
  readonly targets: readonly string[];
  /** Milliseconds since 1970, to date what is queued. */
  readonly now: number;
  /** Milliseconds for which this process has known of the hold that the ledger has. */
  readonly heldMs: number;
}

/** The ledger with a notification queued for everything new in `standing`; the same object when there is nothing new. */
export function plan(ledger: Ledger, standing: Standing): Ledger {
  const { status, history, follower, source, now } = standing;
  const time = new Date(now).toISOString();
  const { hold, news } = planHold(ledger.hold, standing, time);
  const entries = standing.targets.map((name): readonly [string, TargetLedger] => {
    const entry = ledger.targets[name];
    if (entry === undefined) {
      const hello = fromStatus('connected', status, follower, source, time);
      return [name, { epoch: status.epoch, waiting: [waiting(hello, time)], dropped: 0 }];
    }
    const moves = history.filter(({ epoch }) => epoch > entry.epoch && epoch <= status.epoch);
    const told = moves.map((move) => fromTransition(move, follower, source));
    // Nothing is found again where it has just moved to.
    const others = moves.length === 0 ? news : news.filter(({ kind }) => kind !== 'settled');
    return [name, queue({ ...entry, epoch: status.epoch }, [...told, ...others], time)];
  });
  const planned: Ledger = { ...(hold !== undefined && { hold }), targets: Object.fromEntries(entries) };
  return JSON.stringify(planned) === JSON.stringify(ledger) ? ledger : planned;
}

function planHold(
  hold: Ledger['hold'],
  { status, follower, source, heldMs }: Standing,
  time: string,
): { hold: Ledger['hold']; news: readonly Notification[] } {
  if (status.phase === 'Settled') {
    const news = hold?.told ? [fromStatus('settled', status, follower, source, time)] : [];
    return { hold: undefined, news };
  }
  if (holdReason(status) === undefined) return { hold, news: [] };
  const { since, told } = hold ?? { since: time, told: false };
  if (told || heldMs < HOLD_MS) return { hold: { since, told }, news: [] };
  return { hold: { since, told: true }, news: [fromStatus('held', status, follower, source, since)] };
}

function queue(entry: TargetLedger, news: readonly Notification[], time: string): TargetLedger {
  const all = [...entry.waiting, ...news.map((notification) => waiting(notification, time))];
  const excess = Math.max(0, all.length - MOST_WAITING);
  return { ...entry, waiting: all.slice(excess), dropped: entry.dropped + excess };
}

function waiting(notification: Notification, since: string): Waiting {
  return { notification, since, attempts: 0 };
}

const time = z.iso.datetime();
const count = z.int().min(0);
const entry = z.object({
  epoch: count,
  waiting: z
    .array(
      z.object({
        notification: z.object({
          id: z.string(),
          kind: z.enum(Object.keys(NOTIFICATIONS) as (keyof typeof NOTIFICATIONS)[]),
          time: z.string(),
          data: z.object({
            follower: z.string(),
            epoch: count,
            activeSite: z.string(),
            previousSite: z.string(),
            activeNode: z.string(),
            primary: z.string(),
            phase: z.string(),
            reason: z.string(),
          }),
        }),
        since: time,
        attempts: count,
        problem: z.string().optional(),
      }),
    )
    .max(MOST_WAITING),
  dropped: count,
  last: z
    .object({
      id: z.string(),
      kind: z.string(),
      outcome: z.enum(['delivered', 'given up']),
      at: z.string(),
      attempts: count,
      problem: z.string().optional(),
    })
    .optional(),
});
const hold = z.object({ since: time, told: z.boolean() }).optional().catch(undefined);

/** What the last leader left. Invalid entries (edited by hand) are left out: those targets start again. */
export function decodeLedger(value: unknown): Ledger {
  const rough = z.object({ hold, targets: z.record(z.string(), z.unknown()) }).safeParse(value);
  if (!rough.success) return { targets: {} };
  const targets = Object.entries(rough.data.targets).flatMap(([name, raw]) => {
    const decoded = entry.safeParse(raw);
    return decoded.success ? [[name, decoded.data] as const] : [];
  });
  return { ...(rough.data.hold && { hold: rough.data.hold }), targets: Object.fromEntries(targets) };
}
