import { SeededRandom } from '../../support/random.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { type Outcome, play } from '../play.ts';
import type { Schedule } from '../schedule.ts';
import type { Trace } from '../world.ts';
import type { TopologySabotage } from './process.ts';
import { type Disturbance, drawTopologySchedule } from './schedule.ts';
import { SharedZone } from './shared-zone.ts';
import { SimulatedSide } from './side.ts';
import type { Patience } from './side-judge.ts';
import type { Call } from './truth.ts';
import { TopologyWorld } from './world.ts';

const PATIENCE: Patience = { atOnceMs: 3_000, lookedMs: 25_000, lookMs: 15_000 };

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
  let zone: SharedZone<Call>;
  const world = new TopologyWorld({
    seed,
    trace,
    clock: new VirtualClock(),
    patience: PATIENCE,
    createZone: (onWrite) => {
      zone = new SharedZone(onWrite);
      return zone;
    },
    createSide: (ports) => new SimulatedSide({ ...ports, zone, sabotage }),
  });
  return play(seed, world, topologyScheduleOf(seed));
}
