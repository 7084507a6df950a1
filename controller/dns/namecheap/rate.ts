import { type Clock, sleep } from '../../../kubernetes/clock.ts';
import { DnsError } from '../provider.ts';

/** Calls in any stretch of `ms`. */
export interface Window {
  readonly ms: number;
  readonly calls: number;
}

/**
 * What clients of this API plan for per key; the published limits are 50 a minute, 700 an hour and 8000 a day,
 * and they are shared with every other program that uses the key.
 */
const WINDOWS: readonly Window[] = [
  { ms: 60_000, calls: 20 },
  { ms: 3_600_000, calls: 300 },
];
const LONGEST_WAIT_MS = 20_000;
/** Of one zone. The second is for a move that takes another one back at once: it must not wait. */
const WRITES: Window = { ms: 20_000, calls: 2 };

/** Rate limits are planned for, not run into: every call takes its turn here first. */
export class CallBudget {
  readonly #clock: Clock;
  readonly #windows: readonly Window[];
  readonly #kept: number;
  #calls: number[] = [];
  #pause: { readonly until: number; readonly error: DnsError } | undefined;
  readonly #writes = new Map<string, readonly number[]>();

  constructor(clock: Clock, windows: readonly Window[] = WINDOWS) {
    this.#clock = clock;
    this.#windows = windows;
    this.#kept = Math.max(...windows.map(({ calls }) => calls));
  }

  /** Resolves when one call may be made. Throws a DnsError of kind `rate` when that would take too long. */
  async take(signal: AbortSignal): Promise<void> {
    const deadline = this.#clock.elapsed() + LONGEST_WAIT_MS;
    for (;;) {
      signal.throwIfAborted();
      this.#assertNotPaused();
      const now = this.#clock.elapsed();
      const free = Math.max(now, ...this.#windows.map((window) => freeAt(window, this.#calls)));
      if (free <= now) break;
      if (free > deadline) throw exhausted(free - now);
      await sleep(this.#clock, free - now, signal);
    }
    this.#calls = [...this.#calls.slice(1 - this.#kept), this.#clock.elapsed()];
  }

  /** No call for `ms`; whoever asks meanwhile gets `error` again. */
  pause(ms: number, error: DnsError): void {
    this.#pause = { until: this.#clock.elapsed() + ms, error };
  }

  /** Resolves when the zone may be written, so that a fast series of moves does not use up the budget. */
  async awaitWrite(zone: string, signal: AbortSignal): Promise<void> {
    const wait = freeAt(WRITES, this.#writes.get(zone) ?? []) - this.#clock.elapsed();
    if (wait > 0) await sleep(this.#clock, wait, signal);
    signal.throwIfAborted();
  }

  noteWrite(zone: string): void {
    const writes = [...(this.#writes.get(zone) ?? []), this.#clock.elapsed()];
    this.#writes.set(zone, writes.slice(-WRITES.calls));
  }

  #assertNotPaused(): void {
    const left = this.#pause === undefined ? 0 : this.#pause.until - this.#clock.elapsed();
    if (this.#pause === undefined || left <= 0) return;
    const { message, kind, code, action } = this.#pause.error;
    throw new DnsError(message, { kind, code, action, retryAfterMs: left });
  }
}

/** When the oldest call of a full window leaves it. */
function freeAt({ ms, calls }: Window, times: readonly number[]): number {
  const oldest = times.at(-calls);
  return oldest === undefined ? Number.NEGATIVE_INFINITY : oldest + ms;
}

function exhausted(waitMs: number): DnsError {
  return new DnsError(
    `no call is left in the plan for Namecheap; the next one is free in ${Math.ceil(waitMs / 1000)} s`,
    {
      kind: 'rate',
      code: 'budget',
      retryAfterMs: waitMs,
      action: 'Nothing, if it passes; else see why the records change so often.',
    },
  );
}
