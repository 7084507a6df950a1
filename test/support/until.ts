import { setTimeout as delay } from 'node:timers/promises';
import { explain } from '../../runtime/explain.ts';

const PERIOD_MS = { least: 50, most: 500 };
/** Of the time that it has waited: who waits for long looks rarely, as each look at an API server costs it more than us. */
const SHARE = 0.1;

export interface UntilOptions {
  readonly timeoutMs: number;
  /** Asked after an exception of `look`: true ends the waiting with that exception. Default: never. */
  readonly isFinal?: (error: unknown) => boolean;
}

/**
 * Looks again and again until `look` gives something other than undefined, and gives that. An exception counts as
 * not yet; the last one is told when the time is over. It pauses as long as it has looked, or a tenth of the time that it
 * has waited, and leaves the processor to what it waits for.
 */
export async function until<T>(
  what: string,
  look: (abort: AbortSignal) => Promise<T | undefined> | T | undefined,
  { timeoutMs, isFinal = () => false }: UntilOptions,
): Promise<T> {
  const abort = AbortSignal.timeout(timeoutMs);
  const startedAt = performance.now();
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
    const now = performance.now();
    const pause = Math.max(PERIOD_MS.least, now - began, SHARE * (now - startedAt));
    await delay(Math.min(pause, PERIOD_MS.most));
  }
  throw new Error(`Waited ${timeoutMs} ms in vain: ${what}${last}`);
}
