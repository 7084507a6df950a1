import { aborted, type Clock, type Random, sleep, withDeadline } from '../runtime/clock.ts';
import { explain } from '../runtime/explain.ts';
import { Wakeup } from '../runtime/wakeup.ts';
import type { CallOptions, KubeApi } from './api.ts';
import { ignoreNotFound, isLostRace } from './errors.ts';
import { HeldLease, type HoldingOptions } from './held-lease.ts';
import type { Leadership } from './leadership.ts';
import {
  acquired,
  created,
  type Holding,
  holderOf,
  isWrittenBy,
  type LeaseObservation,
  observe,
  remainingMs,
  renewTimes,
  termOf,
} from './lease-record.ts';
import { Reflector } from './reflector.ts';
import { LEASES, type Lease } from './resources.ts';

/** For logs and metrics. `holder` names another process. */
export type LeaseEvent =
  | { readonly kind: 'acquired'; readonly term: number }
  | { readonly kind: 'lost'; readonly term: number; readonly reason: string }
  | { readonly kind: 'released'; readonly term: number }
  | { readonly kind: 'holder'; readonly identity: string }
  | {
      readonly kind: 'problem';
      readonly action: 'acquire' | 'renew' | 'release' | 'watch' | 'lead';
      readonly error: unknown;
    };

export interface LeaseElectionOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly namespace: string;
  readonly name: string;
  /** Unique among all processes that ever run, not only among pods: a process trusts what its own name wrote. */
  readonly identity: string;
  /** Milliseconds without a renewal until others may take the Lease. Rounded up to seconds. */
  readonly leaseDurationMs?: number;
  /** Milliseconds from the start of the last successful renewal to the end of leadership. Well below the above. */
  readonly renewDeadlineMs?: number;
  /** Milliseconds between two renewals, and between two reads of a Lease that another process holds. */
  readonly retryMs?: number;
  /** Milliseconds that the leader's work gets to stop. */
  readonly stopMs?: number;
  readonly onEvent?: (event: LeaseEvent) => void;
}

/**
 * Election of one leader among several processes by a Lease, by the rules of client-go's leaderelection.
 * At most one process holds it at any time as long as the monotonic clocks of the nodes run about equally fast
 * and nobody deletes the Lease in the same seconds in which a new process starts.
 */
export class LeaseElection {
  readonly #options: Required<LeaseElectionOptions>;
  readonly #holding: HoldingOptions;
  readonly #wakeup: Wakeup;
  #seen: LeaseObservation | undefined;
  /** The highest term ever seen: a Lease that was deleted goes on above it. */
  #highestTerm = 0;

  constructor(options: LeaseElectionOptions) {
    this.#options = {
      leaseDurationMs: 10_000,
      renewDeadlineMs: 6_000,
      retryMs: 2_000,
      stopMs: 10_000,
      onEvent: () => undefined,
      ...options,
    };
    const { namespace, name, clock } = options;
    this.#wakeup = new Wakeup(clock, 0);
    this.#holding = { ...this.#options, key: { namespace, name }, renewTime: renewTimes(clock) };
  }

  /**
   * Runs `lead` whenever the Lease is ours, until `abort` fires; then gives the Lease back.
   * Rejects only when `lead` does not stop in time: then the process must end, since nothing else can stop it.
   */
  async run(lead: (leadership: Leadership) => Promise<void>, abort: AbortSignal): Promise<void> {
    const stopWatching = new AbortController();
    const watching = this.#watch(stopWatching.signal);
    try {
      while (!abort.aborted) {
        const held = await this.#acquire(abort);
        if (held !== undefined) await this.#leadWhileHeld(held, lead, abort);
      }
    } finally {
      stopWatching.abort();
      await watching;
    }
  }

  /** Only for speed: a Lease that is released, deleted or taken is noticed at once. */
  #watch(abort: AbortSignal): Promise<void> {
    const { namespace, name } = this.#holding.key;
    return new Reflector<Lease, string>({
      ...this.#options,
      resource: LEASES,
      namespace,
      fieldSelector: `metadata.name=${name}`,
      transform: holderOf,
      onChange: (_key, now, before) => {
        if (now !== before) this.#wakeup.notify();
      },
      onProblem: (_kind, error) => this.#problem('watch', error),
    }).run(abort);
  }

  async #acquire(abort: AbortSignal): Promise<HeldLease | undefined> {
    const { random, retryMs } = this.#options;
    while (!abort.aborted) {
      try {
        const held = await this.#attempt(abort);
        if (held !== undefined) return held;
      } catch (error) {
        if (abort.aborted) return undefined;
        this.#problem('acquire', error);
      }
      const free = this.#freeIn();
      const pause = free > 0 ? Math.min(free, retryMs) : retryMs;
      await this.#wakeup.wait(pause * (1 + random() / 5), abort);
    }
    return undefined;
  }

  async #attempt(abort: AbortSignal): Promise<HeldLease | undefined> {
    const { api, clock, identity, leaseDurationMs, renewDeadlineMs } = this.#options;
    const limits = { abort, timeoutMs: renewDeadlineMs / 2 };
    const lease = await api.get(LEASES, this.#holding.key, limits).catch(ignoreNotFound);
    if (lease !== undefined) this.#note(observe(this.#seen, lease, clock.elapsed()));
    // A Lease that was deleted may still have a holder: its last renewal counts until it would have run out.
    const isMine = lease !== undefined && holderOf(lease) === identity;
    if (!isMine && this.#freeIn() > 0) return undefined;
    const holding: Holding = {
      identity,
      durationMs: leaseDurationMs,
      renewTime: this.#holding.renewTime(),
      term: this.#highestTerm + 1,
    };
    const startedAt = clock.elapsed();
    try {
      const mine = await (lease === undefined
        ? api.create(LEASES, created(this.#holding.key, holding), limits)
        : api.replace(LEASES, acquired(lease, holding), limits));
      this.#note(observe(this.#seen, mine, clock.elapsed()));
      return new HeldLease(this.#holding, mine, startedAt);
    } catch (error) {
      if (!isLostRace(error)) throw error;
      return await this.#heldDespiteRefusal(holding, startedAt, limits);
    }
  }

  /** The write that lost the race may be the one that won it: sent twice, the second one is refused. */
  async #heldDespiteRefusal(
    holding: Holding,
    startedAt: number,
    limits: CallOptions,
  ): Promise<HeldLease | undefined> {
    const { api, clock } = this.#options;
    const lease = await api.get(LEASES, this.#holding.key, limits).catch(ignoreNotFound);
    if (lease === undefined) return undefined;
    this.#note(observe(this.#seen, lease, clock.elapsed()));
    return isWrittenBy(lease, holding) ? new HeldLease(this.#holding, lease, startedAt) : undefined;
  }

  async #leadWhileHeld(
    held: HeldLease,
    lead: (leadership: Leadership) => Promise<void>,
    abort: AbortSignal,
  ): Promise<void> {
    const { clock, retryMs, onEvent } = this.#options;
    onEvent({ kind: 'acquired', term: held.term });
    const keeping = held.keep(this.#wakeup, (error) => this.#problem('renew', error));
    const work = Promise.resolve(held)
      .then(lead)
      .catch((error: unknown) => {
        if (error !== held.abort.reason) this.#problem('lead', error);
      });
    const onAbort = () => held.giveUp(abort.reason);
    abort.addEventListener('abort', onAbort, { once: true });
    if (abort.aborted) onAbort();
    await Promise.race([work, aborted(held.abort)]);
    abort.removeEventListener('abort', onAbort);
    const endedByItself = !held.abort.aborted;
    held.giveUp(new Error('the work of the leader ended'));
    await this.#stop(held, work, keeping);
    this.#highestTerm = Math.max(this.#highestTerm, held.term);
    if (this.#seen !== undefined) this.#seen = { ...this.#seen, since: clock.elapsed() };
    if (endedByItself) await sleep(clock, retryMs, abort);
  }

  /** Gives the Lease back once `work` has stopped, if it is still held; throws where that does not stop in time. */
  async #stop(held: HeldLease, work: Promise<void>, keeping: Promise<void>): Promise<void> {
    const { clock, stopMs, onEvent } = this.#options;
    const isLost = !held.isLeader();
    if (isLost) onEvent({ kind: 'lost', term: held.term, reason: explain(held.abort.reason) });
    const hasStopped = await withDeadline(
      clock,
      stopMs,
      undefined,
      'the work of the leader',
      () => work,
    ).then(
      () => true,
      () => false,
    );
    if (hasStopped && !isLost) await this.#release(held);
    held.expire();
    await keeping;
    if (hasStopped) return;
    throw new Error(
      `the work of the leader did not stop within ${stopMs} ms: the process must end, and start again`,
    );
  }

  async #release(held: HeldLease): Promise<void> {
    const { onEvent } = this.#options;
    const { term } = held;
    try {
      const wasOurs = await held.release();
      onEvent(
        wasOurs
          ? { kind: 'released', term }
          : { kind: 'lost', term, reason: 'taken before it was given back' },
      );
    } catch (error) {
      this.#problem('release', error);
      onEvent({ kind: 'lost', term, reason: 'not given back: it runs out by itself' });
    }
  }

  #note(seen: LeaseObservation): void {
    const { identity, onEvent } = this.#options;
    const holder = holderOf(seen.lease);
    const isNew = this.#seen === undefined || holderOf(this.#seen.lease) !== holder;
    this.#seen = seen;
    this.#highestTerm = Math.max(this.#highestTerm, termOf(seen.lease));
    if (isNew && holder !== '' && holder !== identity) onEvent({ kind: 'holder', identity: holder });
  }

  #freeIn(): number {
    const { clock, leaseDurationMs } = this.#options;
    return this.#seen === undefined ? 0 : remainingMs(this.#seen, clock.elapsed(), leaseDurationMs);
  }

  #problem(action: 'acquire' | 'renew' | 'release' | 'watch' | 'lead', error: unknown): void {
    this.#options.onEvent({ kind: 'problem', action, error });
  }
}
