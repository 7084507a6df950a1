import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Trace } from '../simulation/world.ts';
import { startControlPlane } from '../support/control-plane.ts';
import { installCnpgCrds } from '../support/seed.ts';
import { SPEED } from './paced-clock.ts';
import { type Planes, playSchedule } from './play-schedule.ts';

/**
 * node test/topology/run.ts --seeds 200 [--from 1] [--at-once 4]   many schedules
 * node test/topology/run.ts --seed 17                              one of them, step by step
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    'at-once': { type: 'string', default: '4' },
    seed: { type: 'string' },
  },
});

const [east, west] = await Promise.all([startControlPlane(), startControlPlane()]);
try {
  await Promise.all([east, west].map(({ api }) => installCnpgCrds(api)));
  const planes: Planes = { east, west };
  process.exitCode =
    values.seed === undefined
      ? await runMany(planes, Number(values.seeds), Number(values.from), Number(values['at-once']))
      : await runOne(planes, Number(values.seed));
} finally {
  await Promise.all([east.stop(), west.stop()]);
}
// Whatever is still open of the planes' clients keeps nothing waiting.
process.exit();

async function runOne(planes: Planes, seed: number): Promise<number> {
  const { violations, rightAfterMs } = await playSchedule(seed, planes, tracing({ push: console.log }));
  for (const violation of violations) console.log(`VIOLATION ${violation}`);
  if (violations.length === 0)
    console.log(`all held; right ${secondsOf(rightAfterMs)} s after the last fault`);
  return violations.length === 0 ? 0 : 1;
}

async function runMany(planes: Planes, seeds: number, from: number, atOnce: number): Promise<number> {
  const started = performance.now();
  let next = from;
  let failed = 0;
  let slowestMs = 0;
  const work = async () => {
    while (next < from + seeds) {
      const seed = next;
      next += 1;
      const lines: string[] = [];
      const { violations, rightAfterMs } = await playSchedule(seed, planes, tracing(lines));
      if (violations.length === 0) slowestMs = Math.max(slowestMs, rightAfterMs);
      else {
        failed += 1;
        console.log(`seed ${seed}: ${violations.join('; ')}`);
        const file = join(tmpdir(), `topology-seed-${seed}.log`);
        await writeFile(file, lines.join('\n'));
        console.log(`  what happened: ${file}; again: node test/topology/run.ts --seed ${seed}`);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  const seconds = Math.round((performance.now() - started) / 1_000);
  console.log(
    `${seeds} schedules in ${seconds} s: ${failed} failed; right at most ${secondsOf(slowestMs)} s after the last fault`,
  );
  return failed === 0 ? 0 : 1;
}

/** What happens comes in another order, and at other times, when a schedule is played again: a failed one has to tell it at once. */
function tracing(lines: { push(line: string): unknown }): Trace {
  return (time, actor, line) => {
    lines.push(`${secondsOf(time).padStart(8)}  ${actor.padEnd(10)} ${line}`);
  };
}

function secondsOf(ms: number): string {
  return (ms / 1_000 / SPEED).toFixed(2);
}
