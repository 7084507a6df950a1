import type { Clock } from '../runtime/clock.ts';
import type { Wakeup } from '../runtime/wakeup.ts';
import type { KubeApi, ObjectKey } from './api.ts';
import { ignoreNotFound, isLostRace } from './errors.ts';
import type { Leadership } from './leadership.ts';
import { created, type Holding, holderOf, isWrittenBy, released, renewed, termOf } from './lease-record.ts';
import { LEASES, type Lease } from './resources.ts';

export interface HoldingOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly key: Required<ObjectKey>;
  readonly identity: string;
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryMs: number;
  readonly renewTime: () => string;
}

/** How often a lost compare-and-set is repeated on what was read then. */
const MAX_TRIES = 4;

/** A Lease that this process holds, from its acquisition until it is lost or released. */
export class HeldLease implements Leadership {
  readonly #options: HoldingOptions;
  /** Aborts when leadership is lost or given up. */
  readonly #over = new AbortController();
  /** Aborts when it is not ours any more: ends the calls under way. */
  readonly #closed = new AbortController();
  /** As last read or written; undefined when somebody deleted it. */
  #lease: Lease | undefined;
  #term: number;
  /** Monotonic milliseconds. */
  #deadline: number;
  #cancelTimer: () => void = () => undefined;
  /** Renewals take turns: two at once would lose the compare-and-set to each other. */
  #turn: Promise<unknown> = Promise.resolve();

  /** `startedAt`: the monotonic time just before the write that acquired it was sent. */
  constructor(options: HoldingOptions, lease: Lease, startedAt: number) {
    this.#options = options;
    this.#lease = lease;
    this.#term = termOf(lease);
    this.#deadline = startedAt + options.renewDeadlineMs;
    this.#arm();
  }

  get term(): number {
    return this.#term;
  }

  get abort(): AbortSignal {
    return this.#over.signal;
  }

  isLeader(): boolean {
    if (this.#closed.signal.aborted) return false;
    if (this.#options.clock.elapsed() < this.#deadline) return true;
    // When the process was stopped for a while, this notices before the timer does.
    this.#end(`no renewal of the Lease succeeded within ${this.#options.renewDeadlineMs} ms`);
    return false;
  }

  async confirm(floor = 0): Promise<number | undefined> {
    const mine = this.#turn.then(() => this.#renew(floor));
    this.#turn = mine.catch(() => undefined);
    return (await mine) ? this.#term : undefined;
  }

  /** Renews until it is not ours any more. A notification renews at once. */
  async keep(wakeup: Wakeup, onProblem: (error: unknown) => void): Promise<void> {
    const { retryMs } = this.#options;
    for (let pause = retryMs; this.isLeader(); ) {
      await wakeup.wait(pause, this.#closed.signal);
      try {
        await this.confirm();
        pause = retryMs;
      } catch (error) {
        onProblem(error);
        pause = retryMs / 4;
      }
    }
  }

  /** Aborts the work. Renewals continue until `release` or `expire`, so that it can stop in order. */
  giveUp(reason: unknown): void {
    this.#over.abort(reason);
  }

  /** Stops renewing without telling the server: others take the Lease when it has run out. */
  expire(): void {
    this.#end('the Lease was let go');
  }

  /**
   * Gives the Lease back, so that somebody else can take it at once. Resolves to whether it was still ours.
   * Rejects when the server gives no answer: then it runs out by itself.
   */
  async release(): Promise<boolean> {
    if (!this.isLeader()) return false;
    this.expire();
    await this.#turn;
    const { api, key, identity, renewTime } = this.#options;
    for (let tries = 1; this.#lease !== undefined; tries += 1) {
      const givenBackAt = renewTime();
      try {
        await api.replace(LEASES, released(this.#lease, givenBackAt), { timeoutMs: this.#timeoutMs });
        return true;
      } catch (error) {
        if (tries === MAX_TRIES || !isLostRace(error)) throw error;
      }
      // A renewal that was cut off may have arrived all the same.
      this.#lease = await api.get(LEASES, key, { timeoutMs: this.#timeoutMs }).catch(ignoreNotFound);
      if (this.#lease === undefined) break;
      if (isWrittenBy(this.#lease, { identity: '', renewTime: givenBackAt })) return true;
      if (holderOf(this.#lease) !== identity) return false;
    }
    return true;
  }

  async #renew(floor: number): Promise<boolean> {
    const { api, clock, key, identity } = this.#options;
    const limits = { abort: this.#closed.signal, timeoutMs: this.#timeoutMs };
    for (let tries = 1; this.isLeader(); tries += 1) {
      const startedAt = clock.elapsed();
      const holding = this.#holding(Math.max(this.#term, floor + 1));
      try {
        this.#lease = await (this.#lease === undefined
          ? api.create(LEASES, created(key, holding), limits)
          : api.replace(LEASES, renewed(this.#lease, holding), limits));
        this.#term = holding.term;
        return this.#extend(startedAt);
      } catch (error) {
        if (!this.isLeader()) return false;
        if (tries === MAX_TRIES || !isLostRace(error)) throw error;
      }
      const seen = await api.get(LEASES, key, limits).catch(ignoreNotFound);
      const holder = seen === undefined ? '' : holderOf(seen);
      if (holder !== '' && holder !== identity) {
        this.#end(`the Lease was taken by ${holder}`);
        return false;
      }
      this.#lease = seen;
      if (seen !== undefined && isWrittenBy(seen, holding)) {
        this.#term = holding.term;
        return this.#extend(startedAt);
      }
      this.#term = Math.max(this.#term, seen === undefined ? 0 : termOf(seen));
    }
    return false;
  }

  #holding(term: number): Holding {
    const { identity, leaseDurationMs, renewTime } = this.#options;
    return { identity, durationMs: leaseDurationMs, renewTime: renewTime(), term };
  }

  /** Counts from before the renewal was sent: nobody can have seen it earlier. */
  #extend(startedAt: number): boolean {
    if (!this.isLeader()) return false;
    this.#deadline = startedAt + this.#options.renewDeadlineMs;
    this.#arm();
    return true;
  }

  #arm(): void {
    this.#cancelTimer();
    const { clock } = this.#options;
    this.#cancelTimer = clock.after(Math.max(1, this.#deadline - clock.elapsed()), () => {
      // Timers may be a little early.
      if (this.isLeader()) this.#arm();
    });
  }

  #end(reason: string): void {
    this.#cancelTimer();
    const error = new Error(reason);
    this.#closed.abort(error);
    this.#over.abort(error);
  }

  /** A renewal that hangs leaves time for a second one. */
  get #timeoutMs(): number {
    return this.#options.renewDeadlineMs / 2;
  }
}
