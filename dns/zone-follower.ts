import type { Leadership } from '../kubernetes/leadership.ts';
import { type Clock, sleep } from '../runtime/clock.ts';
import { LastShown } from './last-shown.ts';
import { joined, obstacles } from './obstacles.ts';
import type { Ownership } from './ownership.ts';
import { plan, unfollowedAddresses } from './plan.ts';
import { subjectOf } from './planned.ts';
import { DnsError, type DnsProvider, type WriteGuard } from './provider.ts';
import type { RecordStatuses } from './record-status.ts';
import type { Change, Current, RecordSet, RecordType, WrittenType } from './records.ts';
import { restoreEmptied } from './restore-emptied.ts';
import { claimIn, claimZone, type ZoneClaim } from './zone-claim.ts';

export interface ZoneFollowerPorts {
  readonly provider: DnsProvider;
  readonly clock: Clock;
  /** Milliseconds between two reads of a zone that is as desired. */
  readonly periodMs: number;
  readonly statuses: RecordStatuses;
  /** Absent: nobody is asked whose the records are. */
  readonly ownership?: Ownership;
  /** Absent: no other cluster writes the zone. Throws DnsError where another one has it. */
  readonly claim?: ZoneClaim;
  /** The provider has accepted these, or had them already. */
  readonly onAccepted: (zone: string, sets: readonly RecordSet[]) => void;
  readonly onFailure: (zone: string, error: unknown) => void;
  readonly onRecovered: (zone: string) => void;
  /** After each read: addresses beside those that follow, which no site has a setting for. */
  readonly onUnfollowed?: (zone: string, sets: readonly RecordSet[]) => void;
  /** Asks for another {@link ZoneFollower.follow}. */
  readonly wake: () => void;
}

interface Goal {
  readonly desired: readonly RecordSet[];
  readonly leadership: Leadership;
}

/** The goal has changed, or this replica no longer leads: what was about to be written is not. */
class SupersededError extends Error {
  override readonly name = 'SupersededError';
}

/**
 * DNS writes have no compare-and-set, so a call that got stuck, ours or a stopped predecessor's, may arrive after
 * newer ones. When it has surely ended, the zone is read once more.
 */
const LATE_CALL_MS = 45_000;

/** Keeps the listed records of one zone as desired: read, plan, and apply only when something differs. */
export class ZoneFollower {
  readonly zone: string;
  readonly #names: readonly string[];
  readonly #owned: ReadonlySet<RecordType>;
  readonly #ports: ZoneFollowerPorts;
  #goal: Goal | undefined;
  #running: Promise<void> | undefined;
  #reached: { readonly goal: Goal; readonly at: number } | undefined;
  #failed: { readonly goal: Goal; readonly until: number; readonly error: DnsError } | undefined;
  #failing = false;
  #lateCallsUntil: number | undefined;
  readonly #lastShown = new LastShown();
  #leadership: AbortSignal | undefined;

  constructor(
    zone: string,
    names: readonly string[],
    owned: ReadonlySet<RecordType>,
    ports: ZoneFollowerPorts,
  ) {
    this.zone = zone;
    this.#names = names;
    this.#owned = owned;
    this.#ports = ports;
  }

  /** Resolves when the provider has accepted `desired`. Only one call to the zone is under way at any time. */
  follow(desired: readonly RecordSet[], leadership: Leadership): Promise<void> {
    const goal = { desired, leadership };
    if (this.#goal === undefined || !sameGoal(this.#goal, goal)) this.#goal = goal;
    this.#running ??= this.#run(this.#goal);
    return this.#running;
  }

  /** Writes nothing more: another one is to, or nobody. A call that is on its way cannot be taken back. */
  abandon(): void {
    this.#goal = undefined;
  }

  /** Whether another cluster still has the zone, for one that has abandoned it. Throws DnsError. */
  async checkClaim({ signal }: Leadership): Promise<void> {
    const { claim, provider } = this.#ports;
    if (claim === undefined) return;
    await this.#running?.catch(() => undefined); // Only one call to the zone at a time; its caller gets the error.
    const { texts = [] } = await provider.read(this.zone, [], signal, [claim.nameIn(this.zone)]);
    claim.observe(this.zone, claimIn(this.zone, claim, texts));
  }

  /** Ends at the newest goal: one that was set meanwhile is reached as well. */
  async #run(first: Goal): Promise<void> {
    try {
      for (let goal: Goal | undefined = first; goal !== undefined; ) {
        await this.#reconcile(goal);
        goal = this.#goal === goal ? undefined : this.#goal;
      }
    } finally {
      this.#running = undefined;
    }
  }

  async #reconcile(goal: Goal): Promise<void> {
    const { statuses, clock } = this.#ports;
    statuses.setDesired(this.zone, goal.desired);
    this.#noteLeadership(goal.leadership);
    if (!this.#isDue(goal)) return;
    this.#assertNotWaiting(goal);
    const at = clock.elapsed();
    try {
      await this.#bringInLine(goal);
    } catch (error) {
      if (goal !== this.#goal) return; // The newer goal is next.
      if (!(error instanceof SupersededError) && !goal.leadership.signal.aborted)
        this.#noteFailure(goal, error);
      throw error;
    }
    this.#reached = { goal, at };
    this.#failed = undefined;
    statuses.clearError(this.zone);
    if (this.#failing) this.#ports.onRecovered(this.zone);
    this.#failing = false;
  }

  async #bringInLine(goal: Goal): Promise<void> {
    const { leadership } = goal;
    const { provider, statuses, onAccepted, onUnfollowed, ownership, claim } = this.#ports;
    const about = [
      ...(claim === undefined ? [] : [claim.nameIn(this.zone)]),
      ...(ownership?.namesAbout(this.#names) ?? []),
    ];
    const texts = about.length > 0 ? about : undefined;
    const { mayHarmTexts = false } = provider;
    const current = await provider.read(this.zone, this.#names, leadership.signal, texts);
    statuses.setAccepted(this.zone, current.sets);
    this.#lastShown.note(current.sets);
    const unfollowed = unfollowedAddresses(current.sets, goal.desired, this.#owned);
    statuses.setUnfollowed(this.zone, unfollowed);
    onUnfollowed?.(this.zone, unfollowed);
    if (claim !== undefined)
      await claimZone(this.zone, claim, current.texts ?? [], provider, this.#guard(goal));
    const blocked = new Map([
      ...obstacles(goal.desired, current, {
        zone: this.zone,
        flattensCname: provider.flattensCname === true,
      }),
      ...(ownership?.refusals(goal.desired, current, this.#plan(goal.desired, current), mayHarmTexts) ?? []),
    ]);
    const desired = goal.desired.filter(({ name }) => !blocked.has(name));
    const planned = this.#plan(desired, current);
    const parts =
      ownership?.accompany(planned, desired, current.texts ?? [], mayHarmTexts) ?? byName(planned);
    const changes = ownership === undefined ? planned : parts.flat();
    if (changes.length > 0) {
      try {
        await this.#apply(changes, parts, this.#guard(goal));
      } catch (error) {
        this.#expectLateCalls(leadership);
        const guard = this.#guard(goal);
        if (error instanceof SupersededError || guard.signal.aborted) throw error;
        const { desired: all } = goal;
        throw await restoreEmptied(error, {
          provider,
          zone: this.zone,
          changes,
          desired: all,
          lastShown: this.#lastShown,
          guard,
        });
      }
      statuses.setAccepted(this.zone, [...desired, ...current.sets.filter(({ name }) => blocked.has(name))]);
    }
    onAccepted(this.zone, desired);
    const obstacle = joined([...blocked.values()]);
    if (obstacle !== undefined) throw obstacle;
  }

  #plan(desired: readonly RecordSet[], { sets }: Current): readonly Change[] {
    return plan(sets, desired, this.#owned);
  }

  /** One name whose change is refused does not keep the others from theirs. `parts`: `changes` by the names followed. */
  async #apply(
    changes: readonly Change<WrittenType>[],
    parts: readonly (readonly Change<WrittenType>[])[],
    guard: WriteGuard,
  ): Promise<void> {
    const { provider } = this.#ports;
    try {
      await provider.apply(this.zone, changes, guard);
    } catch (error) {
      const isRefused = error instanceof DnsError && (error.kind === 'refused' || error.kind === 'conflict');
      if (!isRefused || provider.canSplit !== true || parts.length < 2) throw error;
      const failures: unknown[] = [];
      for (const part of parts) {
        await provider.apply(this.zone, part, guard).catch((failure: unknown) => failures.push(failure));
      }
      if (failures.length > 0) throw failures[0];
    }
  }

  #guard(goal: Goal): WriteGuard {
    return {
      signal: goal.leadership.signal,
      assertMayWrite: () => {
        if (!goal.leadership.isHeld()) throw new SupersededError('the Lease has run out: nothing is written');
        if (this.#goal !== goal) {
          throw new SupersededError('the active site has changed meanwhile: nothing is written');
        }
      },
    };
  }

  #noteLeadership(leadership: Leadership): void {
    if (this.#leadership === leadership.signal) return;
    this.#leadership = leadership.signal;
    this.#expectLateCalls(leadership);
  }

  #expectLateCalls(leadership: Leadership): void {
    const { clock, wake } = this.#ports;
    this.#lateCallsUntil = clock.elapsed() + LATE_CALL_MS;
    void sleep(clock, LATE_CALL_MS, leadership.signal).then(() => {
      if (!leadership.signal.aborted) wake();
    });
  }

  #isDue(goal: Goal): boolean {
    const now = this.#ports.clock.elapsed();
    if (this.#lateCallsUntil !== undefined && now >= this.#lateCallsUntil) {
      this.#lateCallsUntil = undefined;
      return true;
    }
    // The caller comes every period, give or take its jitter; and for other reasons in between.
    const fresh = this.#reached?.goal === goal && now - this.#reached.at < this.#ports.periodMs / 2;
    return !fresh;
  }

  #assertNotWaiting(goal: Goal): void {
    if (this.#failed?.goal !== goal) return;
    const left = this.#failed.until - this.#ports.clock.elapsed();
    if (left <= 0) return;
    const { message, kind, code, action } = this.#failed.error;
    throw new DnsError(message, { kind, code, action, retryAfterMs: left });
  }

  #noteFailure(goal: Goal, error: unknown): void {
    const { statuses, clock, onFailure } = this.#ports;
    this.#failing = true;
    this.#failed =
      error instanceof DnsError && error.retryAfterMs !== undefined
        ? { goal, until: clock.elapsed() + error.retryAfterMs, error }
        : undefined;
    this.#reached = undefined;
    statuses.setError(this.zone, error);
    onFailure(this.zone, error);
  }
}

function byName(changes: readonly Change[]): readonly (readonly Change[])[] {
  const names = Map.groupBy(changes, (change) => subjectOf(change).name);
  return [...names.values()];
}

function sameGoal(one: Goal, other: Goal): boolean {
  return (
    one.leadership.signal === other.leadership.signal &&
    JSON.stringify(one.desired) === JSON.stringify(other.desired)
  );
}
