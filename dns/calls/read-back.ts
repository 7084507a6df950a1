import { type Clock, sleep } from '../../runtime/clock.ts';

/** For APIs that show a change some time after accepting it. */
export interface ReadBack {
  readonly clock: Clock;
  /** Before each read. */
  readonly delaysMs: readonly number[];
  readonly abort: AbortSignal;
}

/** Reads until nothing is missing; what is missing after the last read. */
export async function readBack<T>(
  { clock, delaysMs, abort }: ReadBack,
  missing: () => Promise<readonly T[]>,
): Promise<readonly T[]> {
  let left: readonly T[] = [];
  for (const delay of delaysMs) {
    await sleep(clock, delay, abort);
    abort.throwIfAborted();
    left = await missing();
    if (left.length === 0) break;
  }
  return left;
}
