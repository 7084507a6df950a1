/**
 * Time as a port, so that everything that waits also runs under virtual time.
 * Nothing else in controller or kubernetes reads a clock or sets a timer.
 */
export interface Clock {
  /** Wall clock, milliseconds since 1970. For time stamps only: it may jump. */
  now(): number;
  /** Monotonic milliseconds. For deadlines and durations. It continues while the process is stopped. */
  elapsed(): number;
  /** Runs `task` once after `ms`; the returned function cancels it. */
  after(ms: number, task: () => void): () => void;
}

/** A number in [0, 1); a port as well, so that jitter replays from a seed. */
export type Random = () => number;

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  },
};

/** RFC 3339 with milliseconds, UTC. */
export function timestamp(clock: Clock): string {
  return new Date(clock.now()).toISOString();
}

/** Resolves when `abort` fires. */
export function aborted(abort: AbortSignal): Promise<void> {
  if (abort.aborted) return Promise.resolve();
  return new Promise((resolve) => abort.addEventListener('abort', () => resolve(), { once: true }));
}

/** Waits `ms` or until `abort` fires, whichever comes first; never rejects. */
export function sleep(clock: Clock, ms: number, abort: AbortSignal): Promise<void> {
  if (abort.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      cancel();
      abort.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    abort.addEventListener('abort', done, { once: true });
  });
}

/** Settles as `promise` does, or rejects with the reason of `abort`, whichever comes first. */
export async function unlessAborted<T>(promise: Promise<T>, abort: AbortSignal): Promise<T> {
  abort.throwIfAborted();
  const stop = Promise.withResolvers<never>();
  const onAbort = () => stop.reject(abort.reason);
  abort.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, stop.promise]);
  } finally {
    abort.removeEventListener('abort', onAbort);
  }
}

/** A call that took longer than its limit. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
  constructor(what: string, ms: number) {
    super(`${what} gave no answer within ${ms} ms`);
  }
}

/**
 * Runs `call` with a signal that aborts after `ms` or with `parent`, and settles then even if `call` ignores the
 * signal. Rejects with DeadlineError or with the parent's reason.
 */
export async function withDeadline<T>(
  clock: Clock,
  ms: number,
  parent: AbortSignal | undefined,
  what: string,
  call: (abort: AbortSignal) => Promise<T>,
): Promise<T> {
  parent?.throwIfAborted();
  const controller = new AbortController();
  const stop = Promise.withResolvers<never>();
  const abort = (reason: unknown) => {
    controller.abort(reason);
    stop.reject(reason);
  };
  const onParent = () => abort(parent?.reason);
  const cancel = clock.after(ms, () => abort(new DeadlineError(what, ms)));
  parent?.addEventListener('abort', onParent, { once: true });
  try {
    return await Promise.race([call(controller.signal), stop.promise]);
  } finally {
    cancel();
    parent?.removeEventListener('abort', onParent);
  }
}
