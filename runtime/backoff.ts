import type { Random } from './clock.ts';

export interface BackoffOptions {
  /** Milliseconds: the upper end of the first delay. */
  readonly base: number;
  /** Milliseconds: the upper end of every later delay. */
  readonly max: number;
}

/**
 * Exponential back-off with jitter: attempt 0 waits between half of `base` and `base`, each later one up to twice
 * as long, never above `max`. Half is kept as a floor, so that a loop can never become hot.
 */
export function backoff(attempt: number, { base, max }: BackoffOptions, random: Random): number {
  const ceiling = Math.min(max, base * 2 ** Math.min(attempt, 30));
  return ceiling * (0.5 + random() / 2);
}
