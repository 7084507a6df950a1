import { unlessAborted } from '../../runtime/clock.ts';

/** A lock for each zone, for providers that write it as a whole: several record sets may be in one zone. */
export class ZoneLocks {
  readonly #last = new Map<string, Promise<void>>();
  readonly #releases = new Map<string, number>();

  /** How often the lock was released: while it is the same, no other holder has written the zone. */
  releases(zone: string): number {
    return this.#releases.get(zone) ?? 0;
  }

  /** Runs `use` after all earlier callers. Rejects with the reason of `abort` if it fires before that. */
  async withLock<T>(zone: string, abort: AbortSignal, use: () => Promise<T>): Promise<T> {
    const before = this.#last.get(zone) ?? Promise.resolve();
    const held = Promise.withResolvers<void>();
    // Also if this caller gives up, the next one waits for those before.
    const last = before.then(() => held.promise);
    this.#last.set(zone, last);
    try {
      await unlessAborted(before, abort);
      return await use();
    } finally {
      this.#releases.set(zone, this.releases(zone) + 1);
      held.resolve();
      if (this.#last.get(zone) === last) this.#last.delete(zone);
    }
  }
}
