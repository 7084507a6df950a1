import type { SeededRandom } from '../support/random.ts';

/** What NTP leaves, and what a machine without it may be off by. */
const SKEWS_MS = [5_000, 600_000] as const;

/** Milliseconds that the wall clock of a replica is ahead. Each start may be on another machine. */
export function drawSkew(random: SeededRandom): number {
  const most = random.pick(SKEWS_MS);
  return random.integer(-most, most);
}
