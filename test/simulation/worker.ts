import { parentPort, workerData } from 'node:worker_threads';
import type { Outcome } from './play.ts';
import { SIMULATIONS, type SimulationName } from './simulations.ts';

/** The seeds from `first` on, below `end`. */
export interface Batch {
  readonly simulation: SimulationName;
  readonly first: number;
  readonly end: number;
}

export interface BatchResult {
  readonly failed: readonly Outcome[];
  readonly slowestMs: number;
}

// Most errors here are made on purpose, and nobody reads where.
Error.stackTraceLimit = 0;
parentPort?.postMessage(await run(workerData as Batch));

async function run({ simulation, first, end }: Batch): Promise<BatchResult> {
  const failed: Outcome[] = [];
  let slowestMs = 0;
  for (let seed = first; seed < end; seed++) {
    const outcome = await SIMULATIONS[simulation].simulate(seed);
    if (outcome.violations.length > 0) failed.push(outcome);
    else slowestMs = Math.max(slowestMs, outcome.rightAfterMs);
  }
  return { failed, slowestMs };
}
