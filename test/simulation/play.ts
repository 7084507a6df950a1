import { explain } from '../../runtime/explain.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import type { Schedule } from './schedule.ts';

export interface Outcome {
  readonly seed: number;
  /** Empty when everything held. */
  readonly violations: readonly string[];
  /** Virtual milliseconds from the last fault until everything was right. */
  readonly rightAfterMs: number;
}

/** What a schedule is played in. */
export interface PlayedWorld<D> {
  readonly clock: VirtualClock;
  readonly violations: readonly string[];
  report(violation: string): void;
  disturb(what: D): void;
  /** Ends all faults, and lets what is followed come to rest. */
  calmDown(): Promise<void>;
  /** What is not yet as it should be in the end; empty when all is well. */
  differences(): string[];
  /** Stops all controllers in order. */
  stop(): void;
  /** What still runs or waits after the end. */
  leftovers(): string[];
}

/** After the last fault, everything has to be right within this. */
const BOUND_MS = 120_000;
/** And to stay so for this long. */
const STEADY_MS = 15_000;
/** A graceful stop takes less. */
const STOP_MS = 40_000;

/** Resolves when everything was right for a while, or with the first violations. */
export async function play<D>(
  seed: number,
  world: PlayedWorld<D>,
  { steps, quietAt }: Schedule<D>,
): Promise<Outcome> {
  const onRejection = (error: unknown) => world.report(`nobody handles this rejection: ${explain(error)}`);
  process.on('unhandledRejection', onRejection);
  try {
    for (const { at, what } of steps) world.clock.after(at, () => world.disturb(what));
    await advance(world, quietAt);
    const rightAfterMs = await convergence(world);
    await checkStop(world);
    return { seed, violations: world.violations, rightAfterMs };
  } finally {
    process.off('unhandledRejection', onRejection);
  }
}

/** Step by step, until `time` or the first violation. */
async function advance<D>(world: PlayedWorld<D>, time: number): Promise<void> {
  while (world.violations.length === 0 && (await world.clock.step(time))) {
    // Each step checks itself, as it happens.
  }
}

async function convergence<D>(world: PlayedWorld<D>): Promise<number> {
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

async function checkStop<D>(world: PlayedWorld<D>): Promise<void> {
  if (world.violations.length > 0) return;
  world.stop();
  await advance(world, world.clock.elapsed() + STOP_MS);
  for (const leftover of world.leftovers()) world.report(leftover);
}
