import { SeededRandom } from '../../support/random.ts';
import { type Outcome, play } from '../play.ts';
import type { Schedule } from '../schedule.ts';
import type { Trace } from '../world.ts';
import type { TopologySabotage } from './process.ts';
import { type Disturbance, drawTopologySchedule } from './schedule.ts';
import { TopologyWorld } from './world.ts';

export interface SimulateTopologyOptions {
  readonly trace?: Trace;
  readonly sabotage?: TopologySabotage;
}

export function topologyScheduleOf(seed: number): Schedule<Disturbance> {
  return drawTopologySchedule(new SeededRandom(`topology ${seed}`));
}

/** Plays the schedule of one seed with two clusters of a topology. Everything in it comes again from the same seed. */
export function simulateTopology(
  seed: number,
  { trace, sabotage = {} }: SimulateTopologyOptions = {},
): Promise<Outcome> {
  return play(seed, new TopologyWorld({ seed, trace, sabotage }), topologyScheduleOf(seed));
}
