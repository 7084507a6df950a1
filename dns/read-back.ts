import { type Clock, sleep } from '../runtime/clock.ts';

/** For APIs that show a change some time after they have accepted it. */
export interface ReadBack {
  readonly clock: Clock;
  /** Before each read. */
  readonly delaysMs: readonly number[];
  readonly abort: AbortSignal;
}

/** What is still missing after the last read; none as soon as all is there. */
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
