import { type Clock, sleep } from '../runtime/clock.ts';
import { DnsError } from './provider.ts';

/** Calls in any stretch of `ms`. */
export interface RateWindow {
  readonly ms: number;
  readonly calls: number;
}

export interface RateLimits {
  /** Whose calls, for messages. */
  readonly provider: string;
  readonly windows: readonly RateWindow[];
  /** Of one zone. */
  readonly writes: RateWindow;
}

const LONGEST_WAIT_MS = 20_000;

/** Keeps calls below the rate limits of an API: every call waits here first. */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #limits: RateLimits;
  readonly #kept: number;
  #calls: number[] = [];
  #pause: { readonly until: number; readonly error: DnsError } | undefined;
  readonly #writes = new Map<string, readonly number[]>();

  constructor(clock: Clock, plan: RateLimits) {
    this.#clock = clock;
    this.#limits = plan;
    this.#kept = Math.max(...plan.windows.map(({ calls }) => calls));
  }

  /** Resolves when one call may be made. Throws a DnsError of kind `rate` when that would take too long. */
  async take(abort: AbortSignal): Promise<void> {
    const deadline = this.#clock.elapsed() + LONGEST_WAIT_MS;
    for (;;) {
      abort.throwIfAborted();
      this.#assertNotPaused();
      const now = this.#clock.elapsed();
      const free = Math.max(now, ...this.#limits.windows.map((window) => freeAt(window, this.#calls)));
      if (free <= now) break;
      if (free > deadline) throw exhausted(this.#limits.provider, free - now);
      await sleep(this.#clock, free - now, abort);
    }
    this.#calls = [...this.#calls.slice(1 - this.#kept), this.#clock.elapsed()];
  }

  /** Makes a call when it may be made. The limit is the account's, so after an error of kind `rate` every zone waits. */
  async call<T>(abort: AbortSignal, make: () => Promise<T>): Promise<T> {
    await this.take(abort);
    try {
      return await make();
    } catch (error) {
      if (error instanceof DnsError && error.kind === 'rate') this.pause(error.retryAfterMs ?? 0, error);
      throw error;
    }
  }

  /** No call for `ms`; whoever asks meanwhile gets `error` again. */
  pause(ms: number, error: DnsError): void {
    this.#pause = { until: this.#clock.elapsed() + ms, error };
  }

  /** Resolves when the zone may be written, so that a fast series of moves does not use up the limit. */
  async awaitWrite(zone: string, abort: AbortSignal): Promise<void> {
    const wait = freeAt(this.#limits.writes, this.#writes.get(zone) ?? []) - this.#clock.elapsed();
    if (wait > 0) await sleep(this.#clock, wait, abort);
    abort.throwIfAborted();
  }

  noteWrite(zone: string): void {
    const writes = [...(this.#writes.get(zone) ?? []), this.#clock.elapsed()];
    this.#writes.set(zone, writes.slice(-this.#limits.writes.calls));
  }

  #assertNotPaused(): void {
    const left = this.#pause === undefined ? 0 : this.#pause.until - this.#clock.elapsed();
    if (this.#pause === undefined || left <= 0) return;
    throw this.#pause.error.with({ retryAfterMs: left });
  }
}

/** When the oldest call of a full window leaves it. */
function freeAt({ ms, calls }: RateWindow, times: readonly number[]): number {
  const oldest = times.at(-calls);
  return oldest === undefined ? Number.NEGATIVE_INFINITY : oldest + ms;
}

function exhausted(provider: string, waitMs: number): DnsError {
  return new DnsError(
    `the rate limit for ${provider} is used up; the next call is free in ${Math.ceil(waitMs / 1000)} s`,
    {
      kind: 'rate',
      code: 'budget',
      retryAfterMs: waitMs,
      action: 'Nothing, if it passes; else see why the records change so often.',
    },
  );
}
