import { endingWith, type Leadership } from '../kubernetes/leadership.ts';
import { backoff } from '../runtime/backoff.ts';
import { type Clock, type Random, sleep } from '../runtime/clock.ts';

const RETRY = { base: 500, max: 10_000 };

/** Tries until it works or the leadership ends. */
export async function retryUntilSuccess(
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  { abort }: Leadership,
  task: () => Promise<void>,
  onFailure: (error: unknown) => void,
): Promise<void> {
  for (let attempt = 0; !abort.aborted; attempt += 1) {
    try {
      return await task();
    } catch (error) {
      if (abort.aborted) return;
      onFailure(error);
      await sleep(clock, backoff(attempt, RETRY, random), abort);
    }
  }
}

/** Runs tasks that belong together: when one ends, for whatever reason, all end. */
export async function runTaskGroup(
  leadership: Leadership,
  start: (shared: Leadership) => readonly Promise<void>[],
): Promise<void> {
  const stop = new AbortController();
  const onLost = () => stop.abort(leadership.abort.reason);
  leadership.abort.addEventListener('abort', onLost, { once: true });
  if (leadership.abort.aborted) onLost();
  try {
    const tasks = start(endingWith(stop.signal, leadership));
    const ended = tasks.map((task) =>
      task.finally(() => stop.abort(new Error('a part of the follower ended'))),
    );
    const results = await Promise.allSettled(ended);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  } finally {
    stop.abort(new Error('a part of the follower could not begin'));
    leadership.abort.removeEventListener('abort', onLost);
  }
}
