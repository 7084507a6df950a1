import { parseArgs } from 'node:util';
import { simulateMany } from './many.ts';
import { SIMULATIONS, type SimulationName } from './simulations.ts';

/**
 * node test/simulation/run.ts --seeds 10000 [--from 1]   many schedules, on all cores
 * node test/simulation/run.ts --seed 4711 --trace         one schedule again, step by step
 * --topology                                              of two clusters of a topology
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
    topology: { type: 'boolean', default: false },
  },
});

const name: SimulationName = values.topology ? 'topology' : 'replicas';
process.exitCode = values.seed === undefined ? await runMany() : await runOne(whole(values.seed));

async function runOne(seed: number): Promise<number> {
  const { scheduleOf, simulate } = SIMULATIONS[name];
  const { steps, quietAt } = scheduleOf(seed);
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
  const seeds = whole(values.seeds);
  const started = performance.now();
  const { failed, slowestMs } = await simulateMany(name, { from: whole(values.from), seeds });
  for (const { seed, violations } of failed) {
    console.log(`seed ${seed}: ${violations.join('; ')}`);
    console.log(
      `  again: node test/simulation/run.ts --seed ${seed}${values.topology ? ' --topology' : ''} --trace`,
    );
  }
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  const latest = (slowestMs / 1_000).toFixed(1);
  console.log(
    `${seeds} schedules in ${seconds} s: ${failed.length} failed; right at most ${latest} s after the last fault`,
  );
  return failed.length === 0 ? 0 : 1;
}

function whole(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new Error(`"${text}" is no seed and no number of seeds: give a whole number`);
}
