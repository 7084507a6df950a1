import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { SeededRandom } from '../support/random.ts';
import { drawSchedule } from './schedule.ts';
import { simulate } from './simulate.ts';
import type { Batch, BatchResult } from './worker.ts';

/**
 * node test/simulation/run.ts --seeds 10000 [--from 1]   many schedules, on all cores
 * node test/simulation/run.ts --seed 4711 --trace         one schedule again, step by step
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
  },
});

process.exitCode = values.seed === undefined ? await runMany() : await runOne(whole(values.seed));

async function runOne(seed: number): Promise<number> {
  const { steps, quietAt } = drawSchedule(new SeededRandom(`schedule ${seed}`));
  console.log(`seed ${seed}: ${steps.length} disturbances in ${quietAt / 1_000} s`);
  const trace = (time: number, actor: string, line: string) =>
    console.log(`${(time / 1_000).toFixed(3).padStart(9)}  ${actor.padEnd(12)} ${line}`);
  const outcome = await simulate(seed, values.trace ? { trace } : {});
  for (const violation of outcome.violations) console.log(`VIOLATION ${violation}`);
  if (outcome.violations.length > 0) return 1;
  console.log(`all held; right ${Math.round(outcome.rightAfterMs)} ms after the last fault`);
  return 0;
}

async function runMany(): Promise<number> {
  const from = whole(values.from);
  const seeds = whole(values.seeds);
  const started = performance.now();
  const workers = Math.min(seeds, availableParallelism());
  const results = await Promise.all(
    Array.from({ length: workers }, (_, index) =>
      runBatch({ first: from + index, step: workers, end: from + seeds }),
    ),
  );
  const failures = results.flatMap(({ failed }) => failed).toSorted((a, b) => a.seed - b.seed);
  for (const { seed, violations } of failures) {
    console.log(`seed ${seed}: ${violations.join('; ')}`);
    console.log(`  again: node test/simulation/run.ts --seed ${seed} --trace`);
  }
  const slowest = Math.max(...results.map(({ slowestMs }) => slowestMs));
  const seconds = (performance.now() - started) / 1_000;
  console.log(
    `${seeds} schedules in ${seconds.toFixed(1)} s: ${failures.length} failed; ` +
      `right at the latest ${(slowest / 1_000).toFixed(1)} s after the last fault`,
  );
  return failures.length === 0 ? 0 : 1;
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

function whole(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new Error(`"${text}" is no seed and no number of seeds: give a whole number`);
}
