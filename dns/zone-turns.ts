/** One after another gets a zone, for providers that write it as a whole: several record sets may be in one zone. */
export class ZoneTurns {
  readonly #last = new Map<string, Promise<void>>();
  readonly #ended = new Map<string, number>();

  /** How many turns have ended. As long as it is the same, nobody who takes turns has written the zone. */
  ended(zone: string): number {
    return this.#ended.get(zone) ?? 0;
  }

  /** Runs `use` when all who came before have ended. Rejects with the reason of `signal` when it aborts before that. */
  async take<T>(zone: string, signal: AbortSignal, use: () => Promise<T>): Promise<T> {
    const before = this.#last.get(zone) ?? Promise.resolve();
    const turn = Promise.withResolvers<void>();
    // Who gives up waiting lets nobody past those that are still before.
    const last = before.then(() => turn.promise);
    this.#last.set(zone, last);
    try {
      await unlessAborted(before, signal);
      return await use();
    } finally {
      this.#ended.set(zone, this.ended(zone) + 1);
      turn.resolve();
      if (this.#last.get(zone) === last) this.#last.delete(zone);
    }
  }
}

async function unlessAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
