import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { SimulationName } from './simulations.ts';
import type { Batch, BatchResult } from './worker.ts';

/**
 * A killed controller never takes its listeners back, and Node keeps an `AbortSignal.any` that somebody listens to: about
 * 1 MB a schedule, which goes with its thread.
 */
const SCHEDULES_OF_A_THREAD = 400;

/** Plays `seeds` schedules, from seed `from` on, on all cores. The failed ones come in the order of their seeds. */
export async function simulateMany(
  simulation: SimulationName,
  { from, seeds }: { readonly from: number; readonly seeds: number },
): Promise<BatchResult> {
  const end = from + seeds;
  const share = Math.min(SCHEDULES_OF_A_THREAD, Math.ceil(seeds / availableParallelism()));
  const batches = Array.from({ length: Math.ceil(seeds / share) }, (_, index) => {
    const first = from + index * share;
    return { simulation, first, end: Math.min(first + share, end) };
  });
  const results: BatchResult[] = [];
  const queue = batches.values();
  const play = async () => {
    for (const batch of queue) results.push(await runBatch(batch));
  };
  await Promise.all(Array.from({ length: availableParallelism() }, play));
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
