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

export interface Bounds {
  /** After the last fault, everything has to be right within this. */
  readonly rightMs: number;
  /** And to stay so for this long. */
  readonly steadyMs: number;
  /** A graceful stop takes less. */
  readonly stopMs: number;
}

const BOUNDS: Bounds = { rightMs: 120_000, steadyMs: 15_000, stopMs: 40_000 };

/** Resolves when everything was right for a while, or with the first violations. */
export async function play<D>(
  seed: number,
  world: PlayedWorld<D>,
  { steps, quietAt }: Schedule<D>,
  bounds = BOUNDS,
): Promise<Outcome> {
  const onRejection = (error: unknown) => world.report(`nobody handles this rejection: ${explain(error)}`);
  process.on('unhandledRejection', onRejection);
  try {
    for (const { at, what } of steps) world.clock.after(at, () => world.disturb(what));
    await advance(world, quietAt);
    const rightAfterMs = await convergence(world, bounds);
    await checkStop(world, bounds);
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

async function convergence<D>(world: PlayedWorld<D>, { rightMs, steadyMs }: Bounds): Promise<number> {
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
    if (rightSince !== undefined && now - rightSince >= steadyMs) return rightSince - start;
    if (now - start >= rightMs + steadyMs) {
      world.report(
        `${rightMs} ms after the last fault, ${differences.join(' and ') || 'it is right only now'}`,
      );
    }
    await advance(world, now + 500);
  }
  return Number.POSITIVE_INFINITY;
}

async function checkStop<D>(world: PlayedWorld<D>, { stopMs }: Bounds): Promise<void> {
  if (world.violations.length > 0) return;
  world.stop();
  const limit = world.clock.elapsed() + stopMs;
  while (world.leftovers().length > 0 && world.clock.elapsed() < limit)
    await advance(world, world.clock.elapsed() + 500);
  for (const leftover of world.leftovers()) world.report(leftover);
}
