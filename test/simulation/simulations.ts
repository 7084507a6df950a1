import type { Outcome } from './play.ts';
import type { Schedule } from './schedule.ts';
import { scheduleOf, simulate } from './simulate.ts';
import { simulateTopology, topologyScheduleOf } from './topology/simulate.ts';
import type { Trace } from './world.ts';

interface Simulation {
  readonly scheduleOf: (seed: number) => Schedule<unknown>;
  readonly simulate: (seed: number, options?: { readonly trace?: Trace }) => Promise<Outcome>;
}

export const SIMULATIONS = {
  /** Two replicas of the controller in one cluster. */
  replicas: { scheduleOf, simulate },
  /** Two clusters of a topology, each with its own controller. */
  topology: { scheduleOf: topologyScheduleOf, simulate: simulateTopology },
} as const satisfies Record<string, Simulation>;

export type SimulationName = keyof typeof SIMULATIONS;
