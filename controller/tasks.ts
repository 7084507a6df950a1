import type { Leadership } from '../kubernetes/leadership.ts';
import { backoff } from '../runtime/backoff.ts';
import { type Clock, type Random, sleep } from '../runtime/clock.ts';

const RETRY = { base: 500, max: 10_000 };

/** Tries until it works or the leadership ends. */
export async function retryUntilSuccess(
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  { signal }: Leadership,
  task: () => Promise<void>,
  onFailure: (error: unknown) => void,
): Promise<void> {
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    try {
      return await task();
    } catch (error) {
      if (signal.aborted) return;
      onFailure(error);
      await sleep(clock, backoff(attempt, RETRY, random), signal);
    }
  }
}

/** Runs tasks that belong together: when one ends, for whatever reason, all end. */
export async function runTaskGroup(
  leadership: Leadership,
  start: (shared: Leadership) => readonly Promise<void>[],
): Promise<void> {
  const stop = new AbortController();
  const onLost = () => stop.abort(leadership.signal.reason);
  leadership.signal.addEventListener('abort', onLost, { once: true });
  if (leadership.signal.aborted) onLost();
  const shared: Leadership = {
    get term() {
      return leadership.term;
    },
    signal: stop.signal,
    isHeld: () => !stop.signal.aborted && leadership.isHeld(),
    confirm: (floor) => leadership.confirm(floor),
  };
  try {
    const tasks = start(shared);
    const ended = tasks.map((task) =>
      task.finally(() => stop.abort(new Error('a part of the follower ended'))),
    );
    const results = await Promise.allSettled(ended);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  } finally {
    stop.abort(new Error('a part of the follower could not begin'));
    leadership.signal.removeEventListener('abort', onLost);
  }
}
