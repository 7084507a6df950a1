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
const WRITE_GAP_MS = 10_000;

/** Rate limits are planned for, not run into: every call takes its turn here first. */
export class CallBudget {
  readonly #clock: Clock;
  readonly #windows: readonly Window[];
  readonly #kept: number;
  #calls: number[] = [];
  #pause: { readonly until: number; readonly error: DnsError } | undefined;
  readonly #lastWrite = new Map<string, number>();

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
      const free = Math.max(now, ...this.#windows.map((window) => this.#freeAt(window)));
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

  /** Keeps two writes of a zone apart, so that a fast series of moves does not use up the budget. */
  async awaitWriteGap(zone: string, signal: AbortSignal): Promise<void> {
    const last = this.#lastWrite.get(zone);
    if (last !== undefined) {
      await sleep(this.#clock, Math.max(0, last + WRITE_GAP_MS - this.#clock.elapsed()), signal);
    }
    signal.throwIfAborted();
  }

  noteWrite(zone: string): void {
    this.#lastWrite.set(zone, this.#clock.elapsed());
  }

  /** When the oldest call of a full window leaves it. */
  #freeAt({ ms, calls }: Window): number {
    const oldest = this.#calls.at(-calls);
    return oldest === undefined ? Number.NEGATIVE_INFINITY : oldest + ms;
  }

  #assertNotPaused(): void {
    const left = this.#pause === undefined ? 0 : this.#pause.until - this.#clock.elapsed();
    if (this.#pause === undefined || left <= 0) return;
    const { message, kind, code, action } = this.#pause.error;
    throw new DnsError(message, { kind, code, action, retryAfterMs: left });
  }
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
