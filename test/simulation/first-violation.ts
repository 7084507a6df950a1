import type { Outcome } from './play.ts';

const SCHEDULES = 200;

/**
 * What is noticed first in the schedules of `seeds`, for programs that were broken on purpose. `known` has noticed it
 * before, and is played first: where the code has changed since, the others are.
 */
export async function firstViolation(
  simulate: (seed: number) => Promise<Outcome>,
  seeds: readonly number[] = Array.from({ length: SCHEDULES }, (_, index) => index + 1),
  known?: number,
): Promise<string> {
  for (const seed of new Set(known === undefined ? seeds : [known, ...seeds])) {
    const [violation] = (await simulate(seed)).violations;
    if (violation !== undefined) return violation;
  }
  return `nothing in ${seeds.length} schedules`;
}
