import { type Clock, sleep } from '../../runtime/clock.ts';
import { CallLimiter } from './call-limiter.ts';
import { type CallLimits, type CallPurpose, freeAt, type RateWindow } from './call-shares.ts';

export interface RateLimits extends CallLimits {
  /** Of one zone. */
  readonly writes: RateWindow;
}

/** Keeps the calls of a record set below the rate limits of its account, and limits its writes of each zone. */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #window: RateWindow;
  readonly #calls: CallLimiter;
  readonly #writes = new Map<string, readonly number[]>();

  /** `calls`: of the account, where other record sets may use it as well. */
  constructor(clock: Clock, limits: RateLimits, calls: CallLimiter = new CallLimiter(clock, limits)) {
    this.#clock = clock;
    this.#window = limits.writes;
    this.#calls = calls;
  }

  /** As {@link CallLimiter.call}. */
  call<T>(abort: AbortSignal, purpose: CallPurpose, make: () => Promise<T>): Promise<T> {
    return this.#calls.call(abort, purpose, make);
  }

  /** Resolves when the zone may be written: a fast series of moves must not use up the limit. */
  async awaitWrite(zone: string, abort: AbortSignal): Promise<void> {
    const wait = freeAt(this.#window, this.#writes.get(zone) ?? []) - this.#clock.elapsed();
    if (wait > 0) await sleep(this.#clock, wait, abort);
    abort.throwIfAborted();
  }

  noteWrite(zone: string): void {
    const writes = [...(this.#writes.get(zone) ?? []), this.#clock.elapsed()];
    this.#writes.set(zone, writes.slice(-this.#window.calls));
  }
}
