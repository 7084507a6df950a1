import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { SimulationName } from './simulations.ts';
import type { Batch, BatchResult } from './worker.ts';

/** Plays `seeds` schedules, from seed `from` on, on all cores. The failed ones come in the order of their seeds. */
export async function simulateMany(
  simulation: SimulationName,
  { from, seeds }: { readonly from: number; readonly seeds: number },
): Promise<BatchResult> {
  const workers = Math.min(seeds, availableParallelism());
  const results = await Promise.all(
    Array.from({ length: workers }, (_, index) =>
      runBatch({ simulation, first: from + index, step: workers, end: from + seeds }),
    ),
  );
  return {
    failed: results.flatMap(({ failed }) => failed).toSorted((one, other) => one.seed - other.seed),
    slowestMs: Math.max(...results.map(({ slowestMs }) => slowestMs)),
  };
}

function runBatch(batch: Batch): Promise<BatchResult> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: batch,
    // Most of what a schedule makes dies young.
    resourceLimits: { maxYoungGenerationSizeMb: 64 },
  });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`a worker ended with ${code} before it was done`)));
  });
}
