import { explain } from '../../runtime/explain.ts';
import { SeededRandom } from '../support/random.ts';
import type { Sabotage } from './replica.ts';
import { drawLongSchedule, drawSchedule } from './schedule.ts';
import { type Trace, World } from './world.ts';

export interface Outcome {
  readonly seed: number;
  /** Empty when everything held. */
  readonly violations: readonly string[];
  /** Virtual milliseconds from the last fault until everything was right. */
  readonly rightAfterMs: number;
}

export interface SimulateOptions {
  readonly trace?: Trace;
  readonly sabotage?: Sabotage;
  /** Instead of a few minutes: until the primary was moved so often. */
  readonly moves?: number;
}

/** After the last fault, everything has to be right within this. */
const BOUND_MS = 120_000;
/** And to stay so for this long. */
const STEADY_MS = 15_000;
/** A graceful stop takes less. */
const STOP_MS = 40_000;

/** Plays the schedule of one seed. Everything in it comes again from the same seed. */
export async function simulate(
  seed: number,
  { trace, sabotage = {}, moves }: SimulateOptions = {},
): Promise<Outcome> {
  const random = new SeededRandom(`schedule ${seed}`);
  const schedule = moves === undefined ? drawSchedule(random) : drawLongSchedule(random, moves);
  const world = new World({ seed, trace, sabotage });
  const onRejection = (error: unknown) => world.report(`nobody handles this rejection: ${explain(error)}`);
  process.on('unhandledRejection', onRejection);
  try {
    for (const { at, what } of schedule.steps) world.clock.after(at, () => world.disturb(what));
    await advance(world, schedule.quietAt);
    const rightAfterMs = await convergence(world);
    await checkStop(world);
    return { seed, violations: world.violations, rightAfterMs };
  } finally {
    process.off('unhandledRejection', onRejection);
  }
}

/** Step by step, until `time` or the first violation. */
async function advance(world: World, time: number): Promise<void> {
  while (world.violations.length === 0 && (await world.clock.step(time))) {
    // Each step checks itself, as it happens.
  }
}

async function convergence(world: World): Promise<number> {
  let calm = false;
  void world.calmDown().then(() => {
    calm = true;
  });
  const limit = world.clock.elapsed() + 600_000;
  while (!calm && world.violations.length === 0 && (await world.clock.step(limit))) {
    // Scripts of the cluster come to their end.
  }
  const start = world.clock.elapsed();
  let rightSince: number | undefined;
  while (world.violations.length === 0) {
    const differences = world.differences();
    const now = world.clock.elapsed();
    if (differences.length > 0) rightSince = undefined;
    else rightSince ??= now;
    if (rightSince !== undefined && now - rightSince >= STEADY_MS) return rightSince - start;
    if (now - start >= BOUND_MS + STEADY_MS) {
      world.report(
        `${BOUND_MS} ms after the last fault, ${differences.join(' and ') || 'it is right only now'}`,
      );
    }
    await advance(world, now + 500);
  }
  return Number.POSITIVE_INFINITY;
}

async function checkStop(world: World): Promise<void> {
  if (world.violations.length > 0) return;
  world.stop();
  await advance(world, world.clock.elapsed() + STOP_MS);
  for (const leftover of world.leftovers()) world.report(leftover);
}
