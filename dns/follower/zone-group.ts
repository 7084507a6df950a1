import type { Leadership } from '../../kubernetes/leadership.ts';
import { DeadlineError, withDeadline } from '../../runtime/clock.ts';
import { wakeAfter } from '../calls/retry-wait.ts';
import { DnsError } from '../provider.ts';
import type { RecordSet, RecordType } from '../records.ts';
import { type HeldNames, ZoneChoice } from '../zones/zone-choice.ts';
import type { DnsName } from '../zones.ts';
import { ZoneFollower, type ZoneFollowerPorts } from './zone-follower.ts';

export interface GroupOutcome {
  /** One for each zone that is not as desired; mostly DnsErrors. */
  readonly failures: readonly unknown[];
  readonly held: readonly HeldNames[];
}

const NOTHING: GroupOutcome = { failures: [], held: [] };

/** Follows records whose zones may be below one another: the zones of all names are chosen together. */
export class ZoneGroup {
  readonly #choice: ZoneChoice;
  readonly #owned: ReadonlySet<RecordType>;
  readonly #ports: ZoneFollowerPorts;
  /** By zone and names. */
  #followers = new Map<string, ZoneFollower>();
  /** By zone: the end of followers that were replaced. */
  readonly #ending = new Map<string, Promise<void>>();
  /** By `Clock.elapsed`: the last list that was waited for. */
  #listAt: number | undefined;
  /** Of {@link follow}: an older one must not bring its state after that of a newer one, and waits for nothing any more. */
  #turn = new AbortController();

  constructor(records: readonly DnsName[], owned: ReadonlySet<RecordType>, ports: ZoneFollowerPorts) {
    this.#choice = new ZoneChoice(ports.provider, records, ports.clock, () => ports.wake());
    this.#owned = owned;
    this.#ports = ports;
  }

  /** The oldest last read of its zones; -Infinity if one was never read. */
  get readAt(): number {
    const times = [...this.#followers.values()].map((follower) => follower.readAt);
    return times.length === 0 ? Number.NEGATIVE_INFINITY : Math.min(...times);
  }

  /**
   * A zone that takes longer than `patienceMs` counts as failed unless it is only looked at, but continues. Rejects with the reason of
   * the abort. `isMove`: as in {@link ZoneFollower.follow}. Finds nothing where a newer call has come meanwhile.
   */
  async follow(
    desired: (names: readonly string[]) => readonly RecordSet[],
    patienceMs: number,
    leadership: Leadership,
    isMove = true,
  ): Promise<GroupOutcome> {
    const { signal: newer } = this.#nextTurn();
    const { namesByZone, held, againAt } = await this.#choice.choose(leadership.abort);
    if (newer.aborted) return NOTHING;
    this.#wakeForList(againAt, leadership);
    const abort = AbortSignal.any([leadership.abort, newer]);
    const outcomes = await Promise.allSettled(
      this.#followersOf(namesByZone).map(([follower, names]) =>
        this.#within(patienceMs, follower, abort, async () => {
          const ending = this.#ending.get(follower.zone);
          if (ending !== undefined) await ending;
          if (!newer.aborted) await follower.follow(desired(names), leadership, isMove);
        }),
      ),
    );
    if (newer.aborted) return NOTHING;
    const failures = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
    );
    if ([...failures, ...held.map(({ error }) => error)].some(needsConfiguration)) this.#choice.noteFailure();
    return { failures, held };
  }

  #wakeForList(at: number | undefined, { abort }: Leadership): void {
    const { clock, wake } = this.#ports;
    const left = (at ?? 0) - clock.elapsed();
    if (left > 0 && at !== this.#listAt) wakeAfter(clock, left, [abort], wake);
    this.#listAt = at;
  }

  #nextTurn(): AbortController {
    this.#turn.abort();
    this.#turn = new AbortController();
    return this.#turn;
  }

  async #within(
    ms: number,
    follower: ZoneFollower,
    abort: AbortSignal,
    follow: () => Promise<void>,
  ): Promise<void> {
    const { zone } = follower;
    try {
      await withDeadline(this.#ports.clock, ms, abort, `DNS zone ${zone}`, follow);
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      if (follower.isOnlyLooking) return;
      const what = `DNS zone ${zone} is not as desired after ${ms / 1000} s`;
      throw new Error(`${what}: its calls are under way, or wait for their turn`, { cause: error });
    }
  }

  abandon(): void {
    this.#nextTurn();
    for (const follower of this.#followers.values()) follower.abandon();
  }

  /** Throws DnsError. */
  async checkClaims(leadership: Leadership): Promise<void> {
    const { namesByZone } = await this.#choice.choose(leadership.abort);
    await Promise.all(this.#followersOf(namesByZone).map(([follower]) => follower.checkClaim(leadership)));
  }

  #followersOf(namesByZone: ReadonlyMap<string, readonly string[]>) {
    const before = this.#followers;
    const followers = [...namesByZone].map(([zone, names]) => {
      const key = [zone, ...names].join(' ');
      const follower = before.get(key) ?? new ZoneFollower(zone, names, this.#owned, this.#ports);
      return { key, follower, names };
    });
    this.#followers = new Map(followers.map(({ key, follower }) => [key, follower]));
    for (const [key, follower] of before) if (!this.#followers.has(key)) this.#end(follower);
    return followers
      .toSorted((one, other) => compareReads(one.follower, other.follower))
      .map(({ follower, names }) => [follower, names] as const);
  }

  /** Its names have changed: a delayed write must not come after those of its successor. */
  #end(follower: ZoneFollower): void {
    const { zone } = follower;
    follower.abandon();
    const ended = Promise.all([this.#ending.get(zone), follower.ended()]).then(() => {
      if (this.#ending.get(zone) === ended) this.#ending.delete(zone);
    });
    this.#ending.set(zone, ended);
  }
}

/** The one that was read longest ago comes first: so a rate limit keeps other zones waiting each time. */
export function compareReads(
  { readAt: one }: { readonly readAt: number },
  { readAt: other }: { readonly readAt: number },
): number {
  return one === other ? 0 : one - other;
}

function needsConfiguration(error: unknown): boolean {
  return error instanceof DnsError && error.each.some(({ kind }) => kind === 'config');
}
