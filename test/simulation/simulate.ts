import { SeededRandom } from '../support/random.ts';
import { type Outcome, play } from './play.ts';
import type { Sabotage } from './replica.ts';
import { drawLongSchedule, drawSchedule, type Schedule } from './schedule.ts';
import { type Trace, World } from './world.ts';

export interface SimulateOptions {
  readonly trace?: Trace;
  readonly sabotage?: Sabotage;
  /** Instead of a few minutes: until the primary was moved so often. */
  readonly moves?: number;
}

export function scheduleOf(seed: number): Schedule {
  return drawSchedule(randomOf(seed));
}

/** Plays the schedule of one seed. Everything in it comes again from the same seed. */
export function simulate(
  seed: number,
  { trace, sabotage = {}, moves }: SimulateOptions = {},
): Promise<Outcome> {
  const schedule = moves === undefined ? scheduleOf(seed) : drawLongSchedule(randomOf(seed), moves);
  return play(seed, new World({ seed, trace, sabotage }), schedule);
}

function randomOf(seed: number): SeededRandom {
  return new SeededRandom(`schedule ${seed}`);
}
