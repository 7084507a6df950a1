import { createHash } from 'node:crypto';
import type { Clock } from '../../runtime/clock.ts';
import { DnsError } from '../provider.ts';
import {
  type Call,
  type CallLimits,
  type CallPurpose,
  callFreeAt,
  isIdle,
  LONGEST_WAIT_MS,
  PURPOSES,
} from './call-shares.ts';

const BUDGET = 'budget';
/** After a move found no call left, so much longer than it has to wait, so that it is there before those that can wait. */
const MOVES_FIRST_MS = 5_000;
/** A move whose turn comes by and by is not given up: with hundreds of zones and few calls a second the last one waits that long. */
const LONGEST_TURN_MS = 120_000;

interface Waiting {
  readonly until: number;
  readonly granted: PromiseWithResolvers<void>;
}

/** Keeps calls below the rate limits of an account at an API. */
export class CallLimiter {
  readonly #clock: Clock;
  readonly #limits: CallLimits;
  readonly #kept: number;
  #calls: readonly Call[] = [];
  readonly #waiting: Readonly<Record<CallPurpose, Waiting[]>> = {
    write: [],
    move: [],
    find: [],
    check: [],
    first: [],
    drift: [],
    look: [],
  };
  /** Until then calls that move nothing wait. */
  #movesUntil = Number.NEGATIVE_INFINITY;
  #cancelTimer: () => void = () => undefined;
  #pause: { readonly until: number; readonly error: DnsError } | undefined;

  constructor(clock: Clock, plan: CallLimits) {
    this.#clock = clock;
    this.#limits = plan;
    this.#kept = Math.max(...plan.windows.map(({ calls }) => calls));
  }

  /** Resolves when one call may be made. Throws a DnsError of kind `rate` if that would take too long. */
  async take(abort: AbortSignal, purpose: CallPurpose): Promise<void> {
    abort.throwIfAborted();
    this.#assertNotPaused();
    const own = {
      until: this.#clock.elapsed() + (isIdle(purpose) ? LONGEST_WAIT_MS : LONGEST_TURN_MS),
      granted: Promise.withResolvers<void>(),
    };
    const line = this.#waiting[purpose];
    const onAbort = () => {
      const index = line.indexOf(own);
      if (index >= 0) line.splice(index, 1);
      own.granted.reject(abort.reason);
      this.#serve();
    };
    abort.addEventListener('abort', onAbort, { once: true });
    line.push(own);
    this.#serve();
    try {
      await own.granted.promise;
    } finally {
      abort.removeEventListener('abort', onAbort);
    }
  }

  /** Grants what may be granted, rejects those that would wait too long, and sets a timer for the others. */
  #serve(): void {
    this.#cancelTimer();
    const now = this.#clock.elapsed();
    let next = Number.POSITIVE_INFINITY;
    for (const purpose of PURPOSES) {
      const line = this.#waiting[purpose];
      // What is served later must not take the calls that those before wait for.
      const mayTake = () => next === Number.POSITIVE_INFINITY && this.#freeAt(purpose) <= now;
      while (line.length > 0 && mayTake()) this.#grant(purpose, line.shift());
      if (line.length === 0) continue;
      const free = Math.max(this.#freeAt(purpose), next < Number.POSITIVE_INFINITY ? next : now);
      const isFar = free - now > LONGEST_WAIT_MS;
      while (line[0] !== undefined && (isFar || line[0].until < free)) {
        if (!isIdle(purpose)) this.#movesUntil = free + MOVES_FIRST_MS;
        line.shift()?.granted.reject(exhausted(this.#limits.provider, free - now));
      }
      if (line.length > 0) next = Math.min(next, free);
    }
    if (next < Number.POSITIVE_INFINITY)
      this.#cancelTimer = this.#clock.after(Math.max(0, next - now), () => this.#serve());
  }

  #grant(purpose: CallPurpose, waiting: Waiting | undefined): void {
    this.#calls = [...this.#calls.slice(1 - this.#kept), { at: this.#clock.elapsed(), purpose }];
    waiting?.granted.resolve();
  }

  #freeAt(purpose: CallPurpose): number {
    const free = callFreeAt(this.#limits, purpose, this.#calls, this.#clock.elapsed());
    return isIdle(purpose) ? Math.max(free, this.#movesUntil) : free;
  }

  /** The limit is that of the account, so after an error of kind `rate` the calls of all zones wait. */
  async call<T>(abort: AbortSignal, purpose: CallPurpose, make: () => Promise<T>): Promise<T> {
    await this.take(abort, purpose);
    try {
      return await make();
    } catch (error) {
      if (error instanceof DnsError && error.kind === 'rate') this.pause(error.retryAfterMs ?? 0, error);
      throw error;
    }
  }

  /** No call for `ms`: rejects with `error` meanwhile. */
  pause(ms: number, error: DnsError): void {
    this.#pause = { until: this.#clock.elapsed() + ms, error };
    const waiting = Object.values(this.#waiting).flatMap((line) => line.splice(0));
    for (const { granted } of waiting) granted.reject(error.with({ retryAfterMs: ms }));
    this.#cancelTimer();
  }

  #assertNotPaused(): void {
    const left = this.#pause === undefined ? 0 : this.#pause.until - this.#clock.elapsed();
    if (this.#pause === undefined || left <= 0) return;
    throw this.#pause.error.with({ retryAfterMs: left });
  }
}

/** One for each account: its limits are those of all followers and record sets of the process together. */
export class CallLimiters {
  readonly #clock: Clock;
  readonly #byAccount = new Map<string, CallLimiter>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `account` may hold a secret: it is neither shown nor kept. */
  of(account: string, limits: CallLimits): CallLimiter {
    const key = createHash('sha256').update(`${limits.provider} ${account}`).digest('hex');
    const known = this.#byAccount.get(key) ?? new CallLimiter(this.#clock, limits);
    this.#byAccount.set(key, known);
    return known;
  }
}

/** Whether no call was left by the plan here, whatever the provider would have said. */
export function isForWantOfCalls(error: unknown): error is DnsError {
  return error instanceof DnsError && error.code === BUDGET;
}

function exhausted(provider: string, waitMs: number): DnsError {
  return new DnsError(
    `the rate limit for ${provider} is used up; the next call is free in ${Math.ceil(waitMs / 1000)} s`,
    {
      kind: 'rate',
      code: BUDGET,
      retryAfterMs: waitMs,
      action: 'Nothing, if it passes; else see why the records change so often.',
    },
  );
}
