import { createHash } from 'node:crypto';
import type { Clock } from '../runtime/clock.ts';
import { DnsError } from './provider.ts';

/** At most `calls` in any period of `ms`. */
export interface RateWindow {
  readonly ms: number;
  readonly calls: number;
}

export interface CallLimits {
  /** For messages. */
  readonly provider: string;
  readonly windows: readonly RateWindow[];
  /**
   * The share of reads in windows that are too long to wait for: otherwise, with many zones, reading could use up all calls
   * at each attempt and leave none for a write.
   */
  readonly readShare: number;
}

/**
 * write: all calls of a change after its zone was read, including further reads. look: whether a change has arrived, which moves no
 * record. In the order in which they are served.
 */
const PURPOSES = ['write', 'read', 'look'] as const;
export type CallPurpose = (typeof PURPOSES)[number];

const LONGEST_WAIT_MS = 20_000;

interface Waiting {
  readonly until: number;
  readonly granted: PromiseWithResolvers<void>;
}

/** Keeps calls below the rate limits of an account at an API. */
export class CallLimiter {
  readonly #clock: Clock;
  readonly #limits: CallLimits;
  readonly #kept: number;
  #calls: readonly number[] = [];
  #reads: readonly number[] = [];
  /** Writes first: a change that has begun does not wait for reads of other zones. */
  readonly #waiting: Readonly<Record<CallPurpose, Waiting[]>> = { write: [], read: [], look: [] };
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
      until: this.#clock.elapsed() + LONGEST_WAIT_MS,
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
    const next = PURPOSES.flatMap((purpose) => {
      const line = this.#waiting[purpose];
      while (line.length > 0 && this.#freeAt(purpose) <= now) this.#grant(purpose, line.shift());
      const free = this.#freeAt(purpose);
      const { provider } = this.#limits;
      while (line[0] !== undefined && line[0].until < free)
        line.shift()?.granted.reject(exhausted(provider, free - now));
      return line.length > 0 ? [free] : [];
    });
    if (next.length > 0) this.#cancelTimer = this.#clock.after(Math.min(...next) - now, () => this.#serve());
  }

  #grant(purpose: CallPurpose, waiting: Waiting | undefined): void {
    const now = this.#clock.elapsed();
    this.#calls = [...this.#calls.slice(1 - this.#kept), now];
    if (purpose !== 'write') this.#reads = [...this.#reads.slice(1 - this.#kept), now];
    waiting?.granted.resolve();
  }

  #freeAt(purpose: CallPurpose): number {
    const { windows, readShare } = this.#limits;
    const ofAll = windows.map((window) => freeAt(window, this.#calls));
    const ofReads = windows
      .filter(({ ms }) => purpose !== 'write' && ms > LONGEST_WAIT_MS)
      .map(({ ms, calls }) => freeAt({ ms, calls: Math.ceil(calls * readShare) }, this.#reads));
    return Math.max(...ofAll, ...ofReads);
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

/** When the oldest call of a full window leaves it. */
export function freeAt({ ms, calls }: RateWindow, times: readonly number[]): number {
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
