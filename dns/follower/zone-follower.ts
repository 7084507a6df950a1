import type { Leadership } from '../../kubernetes/leadership.ts';
import type { Clock, Random } from '../../runtime/clock.ts';
import { isForWantOfCalls } from '../calls/call-limiter.ts';
import { LateCalls } from '../calls/late-calls.ts';
import { wakeAfter } from '../calls/retry-wait.ts';
import { WakeLater } from '../calls/wake-later.ts';
import { claimIn, claimZone, noteClaim, type ZoneClaim } from '../claims/zone-claim.ts';
import { unfollowedAddresses } from '../plan.ts';
import { DnsError, type DnsProvider } from '../provider.ts';
import { joinedErrors } from '../records/name-errors.ts';
import type { Current, ReadPurpose, RecordSet, RecordType } from '../records.ts';
import { type Goal, guardOf, isGoal } from './goal.ts';
import type { KeptSets } from './kept-sets.ts';
import type { Ownership } from './ownership.ts';
import { ReadPurposes } from './read-purpose.ts';
import type { RecordStatuses } from './record-status.ts';
import type { Planned } from './separate.ts';
import { SupersededError } from './superseded-error.ts';
import { planZone } from './zone-plan.ts';
import { ZoneWriter } from './zone-writer.ts';

export interface ZoneFollowerPorts {
  readonly provider: DnsProvider;
  readonly clock: Clock;
  readonly random: Random;
  /** Between two reads of a zone that is as desired. */
  readonly periodMs: number;
  readonly statuses: RecordStatuses;
  readonly kept: KeptSets;
  /** Absent: owners do not matter. */
  readonly ownership?: Ownership;
  /** Absent: no other cluster writes the zone. Throws DnsError if another one has it. */
  readonly claim?: ZoneClaim;
  /** The provider has accepted these, or had them already. */
  readonly onAccepted: (zone: string, sets: readonly RecordSet[]) => void;
  /** After each failed attempt: one error for the zone, or several for names. */
  readonly onFailure: (zone: string, errors: readonly unknown[]) => void;
  readonly onRecovered: (zone: string) => void;
  /** After each read: addresses of a type that no site has. */
  readonly onUnfollowed?: (zone: string, sets: readonly RecordSet[]) => void;
  /** {@link ZoneFollower.follow} is to be called again. */
  readonly wake: () => void;
}

/** So soon the caller comes by itself, less and less often while it fails. */
const WORTH_A_WAKE_MS = 3_000;

/** Keeps the listed records of one zone as desired: read, plan, and apply if something differs. */
export class ZoneFollower {
  readonly zone: string;
  readonly #names: readonly string[];
  readonly #owned: ReadonlySet<RecordType>;
  readonly #ports: ZoneFollowerPorts;
  #goal: Goal | undefined;
  #running: Promise<void> | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #reached: { readonly goal: Goal; readonly at: number } | undefined;
  readonly #purposes = new ReadPurposes();
  readonly #turn: WakeLater;
  #failed: { readonly goal: Goal; readonly until: number; readonly error: DnsError } | undefined;
  #failing = false;
  /** How often in a row this goal was not reached for a reason that a person has to mend. */
  #refused: { readonly goal: Goal; readonly times: number } | undefined;
  readonly #lateCalls: LateCalls;
  readonly #writer: ZoneWriter;

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
    this.#lateCalls = new LateCalls(ports.clock, () => ports.wake());
    this.#turn = new WakeLater(ports.clock, () => ports.wake());
    this.#writer = new ZoneWriter(zone, ports);
  }

  /** By `Clock.elapsed`; -Infinity if it was never read. */
  get readAt(): number {
    return this.#readAt;
  }

  /**
   * Resolves when the provider has accepted `desired`. Makes one call at a time. `isMove`: the active site has changed under this
   * leadership.
   */
  follow(desired: readonly RecordSet[], leadership: Leadership, isMove = true): Promise<void> {
    if (this.#goal === undefined || !isGoal(this.#goal, desired, leadership))
      this.#replaceGoal({ desired, leadership, superseded: new AbortController(), isMove });
    if (this.#running === undefined && this.#goal !== undefined) this.#running = this.#run(this.#goal);
    return this.#running ?? Promise.resolve();
  }

  /** Nothing is known to be different from what {@link follow} was told last. */
  get isOnlyLooking(): boolean {
    return this.#goal !== undefined && this.#purposes.of(this.#goal) === 'drift';
  }

  /** Writes nothing more, as another follower does, or nobody. A call under way cannot be taken back. */
  abandon(): void {
    this.#replaceGoal(undefined);
  }

  /** Resolves when nothing is under way; the caller of `follow` gets the error. */
  async ended(): Promise<void> {
    await this.#running?.catch(() => undefined);
  }

  #replaceGoal(goal: Goal | undefined): void {
    const before = this.#goal;
    this.#goal = goal;
    before?.superseded.abort(
      new SupersededError('the active site has changed meanwhile: nothing is written'),
    );
  }

  /** For an abandoned zone: reads whether another cluster still has it. Throws DnsError. */
  async checkClaim({ abort }: Leadership): Promise<void> {
    const { claim, provider } = this.#ports;
    if (claim === undefined) return;
    await this.ended(); // Only one call to the zone at a time.
    const current = await provider.read({
      zone: this.zone,
      names: [],
      purpose: 'first',
      abort,
      texts: [claim.nameIn(this.zone)],
    });
    claim.observe(this.zone, claimIn(this.zone, claim, current));
  }

  /** Goes on to a goal that was set meanwhile. */
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
    this.#lateCalls.noteLeadership(goal.leadership.abort);
    if (!this.#isDue(goal)) return;
    this.#assertNotWaiting(goal);
    const at = clock.elapsed();
    let failures: ReadonlyMap<string, unknown>;
    try {
      failures = await this.#bringInLine(goal);
    } catch (error) {
      if (goal !== this.#goal) return; // The newer goal is next.
      if (isForWantOfCalls(error) && this.#purposes.of(goal) === 'drift') {
        // Whoever moves goes first; what others have written is seen later.
        this.#reached = undefined;
        this.#turn.after(error.retryAfterMs ?? 0, goal.leadership.abort);
        return;
      }
      if (!(error instanceof SupersededError) && !goal.leadership.abort.aborted)
        this.#noteFailure(goal, new Map(this.#names.map((name) => [name, error])));
      throw error;
    }
    if (failures.size > 0) {
      this.#noteFailure(goal, failures);
      throw joinedErrors(failures.values());
    }
    this.#reached = { goal, at };
    this.#failed = undefined;
    this.#refused = undefined;
    statuses.clearErrors(this.zone);
    if (this.#failing) this.#ports.onRecovered(this.zone);
    this.#failing = false;
  }

  /** Resolves with the errors by name. Throws if no name can be written. */
  async #bringInLine(goal: Goal): Promise<ReadonlyMap<string, unknown>> {
    const { provider, statuses, onAccepted, onUnfollowed, claim } = this.#ports;
    const guard = guardOf(goal, claim);
    // A newer goal does not wait until this read has its turn, or its answer.
    const current = await this.#read(this.#names, this.#purposes.of(goal), guard.superseded);
    this.#readAt = this.#ports.clock.elapsed();
    let shown = current.sets;
    statuses.setAccepted(this.zone, shown);
    this.#writer.noteShown(
      this.#names.filter((name) => current.unread?.has(name) !== true),
      shown,
    );
    const unfollowed = unfollowedAddresses(shown, goal.desired, this.#owned);
    statuses.setUnfollowed(this.zone, unfollowed);
    onUnfollowed?.(this.zone, unfollowed);
    const condition = claim && (await claimZone(this.zone, claim, current, provider, guard));
    const { blocked, parts } = this.#planned(goal.desired, current);
    if (parts.length > 0) this.#purposes.noteDifferent(goal);
    const failures = await this.#writer.write({
      parts,
      blocked,
      desired: goal.desired,
      leadership: goal.leadership,
      // A request that was stuck on its way may find the records as they were, though another cluster has the zone by then.
      guard: { ...guard, condition },
      current,
      read: (names) => this.#read(names, 'write', guard.abort),
      plan: (sets, found) => this.#planned(sets, found),
      onMade: (names) => {
        const made = new Set(names);
        shown = [
          ...goal.desired.filter(({ name }) => made.has(name)),
          ...shown.filter(({ name }) => !made.has(name)),
        ];
        statuses.setAccepted(this.zone, shown);
      },
      onFailedCall: () => this.#lateCalls.expect(goal.leadership.abort),
    });
    this.#purposes.noteDone(goal, failures);
    onAccepted(
      this.zone,
      goal.desired.filter(({ name }) => !failures.has(name)),
    );
    return failures;
  }

  async #read(names: readonly string[], purpose: ReadPurpose, abort: AbortSignal): Promise<Current> {
    const { provider, ownership, claim } = this.#ports;
    const texts = [
      ...(claim === undefined ? [] : [claim.nameIn(this.zone)]),
      ...(ownership?.namesAbout(names, this.zone) ?? []),
    ];
    const wanted = texts.length > 0 ? texts : undefined;
    const current = await provider.read({ zone: this.zone, names, purpose, abort, texts: wanted });
    noteClaim(this.zone, claim, current);
    return current;
  }

  #planned(desired: readonly RecordSet[], current: Current): Planned {
    const { provider, ownership } = this.#ports;
    return planZone(desired, current, { zone: this.zone, provider, ownership, owned: this.#owned });
  }

  #isDue(goal: Goal): boolean {
    if (this.#lateCalls.takeEnded()) return true;
    const now = this.#ports.clock.elapsed();
    // `follow` is called once per period, with jitter, and for other reasons in between.
    const fresh = this.#reached?.goal === goal && now - this.#reached.at < this.#ports.periodMs / 2;
    return !fresh;
  }

  #assertNotWaiting(goal: Goal): void {
    if (this.#failed?.goal !== goal) return;
    const left = this.#failed.until - this.#ports.clock.elapsed();
    if (left <= 0) return;
    throw this.#failed.error.with({ retryAfterMs: left });
  }

  #noteFailure(goal: Goal, failures: ReadonlyMap<string, unknown>): void {
    const { statuses, clock, onFailure, wake } = this.#ports;
    this.#failing = true;
    const error = joinedErrors(failures.values());
    if (this.#refused?.goal !== goal) this.#refused = { goal, times: 0 };
    if ([...failures.values()].some(isConfig)) this.#refused = { goal, times: this.#refused.times + 1 };
    const pause = this.#writer.pause(failures, Math.max(1, this.#refused.times));
    if (pause >= WORTH_A_WAKE_MS || isForWantOfCalls(error))
      wakeAfter(clock, pause, [goal.leadership.abort, goal.superseded.signal], wake);
    this.#failed =
      error instanceof DnsError && pause > 0 ? { goal, until: clock.elapsed() + pause, error } : undefined;
    this.#reached = undefined;
    statuses.setErrors(this.zone, failures);
    onFailure(this.zone, [...new Set(failures.values())]);
  }
}

function isConfig(error: unknown): boolean {
  return error instanceof DnsError && error.kind === 'config';
}
