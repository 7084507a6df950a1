import { setTimeout as delay } from 'node:timers/promises';
import { explain } from '../../runtime/explain.ts';

const PERIOD_MS = { least: 50, most: 500 };

export interface UntilOptions {
  readonly timeoutMs: number;
  /** Asked after an exception of `look`: true ends the waiting with that exception. Default: never. */
  readonly isFinal?: (error: unknown) => boolean;
}

/**
 * Looks again and again until `look` gives something other than undefined, and gives that. An exception counts as
 * not yet; the last one is told when the time is over. It pauses as long as it has looked, and leaves the processor to
 * what it waits for.
 */
export async function until<T>(
  what: string,
  look: (abort: AbortSignal) => Promise<T | undefined> | T | undefined,
  { timeoutMs, isFinal = () => false }: UntilOptions,
): Promise<T> {
  const abort = AbortSignal.timeout(timeoutMs);
  let last = '';
  while (!abort.aborted) {
    const began = performance.now();
    try {
      const result = await look(abort);
      if (result !== undefined) return result;
    } catch (error) {
      if (isFinal(error)) throw error;
      if (!abort.aborted) last = `; the last attempt: ${explain(error)}`;
    }
    const took = performance.now() - began;
    await delay(Math.min(Math.max(PERIOD_MS.least, took), PERIOD_MS.most));
  }
  throw new Error(`Waited ${timeoutMs} ms in vain: ${what}${last}`);
}
