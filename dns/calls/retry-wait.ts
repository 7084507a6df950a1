/** When a provider that has refused is called again. */
import { type Clock, type Random, sleep } from '../../runtime/clock.ts';
import type { DnsError } from '../provider.ts';

/**
 * APIs answer "not authorised" also while something of their own is down for seconds, so that this code alone does not tell
 * whether somebody has to change anything: the first attempts come soon, so that a move is not late by minutes. They are
 * few, as some APIs lock out who fails to log in time and again (Namecheap: 1017411).
 */
const SOON_MS = 5_000;
const GROWTH = 4;
/** A timer may end a moment before the clock says so. */
const LATE_MS = 20;

/** Milliseconds until the next attempt, after so many in a row that failed like this; 0: as the caller likes. */
export function retryWait(
  { kind, retryAfterMs = 0, leastWaitMs = 0 }: DnsError,
  attempts: number,
  random: Random,
): number {
  if (kind !== 'config') return Math.max(leastWaitMs, retryAfterMs);
  const soon = SOON_MS * GROWTH ** (Math.min(attempts, 16) - 1) * (0.75 + random() / 2);
  return Math.max(leastWaitMs, Math.min(retryAfterMs, soon));
}

/** Calls `wake` when a wait of `ms` is over, unless one of `ends` has fired. */
export function wakeAfter(clock: Clock, ms: number, ends: readonly AbortSignal[], wake: () => void): void {
  const ended = AbortSignal.any([...ends]);
  void sleep(clock, ms + LATE_MS, ended).then(() => {
    if (!ended.aborted) wake();
  });
}
