import type { Leadership } from '../kubernetes/leadership.ts';
import { withDeadline } from '../runtime/clock.ts';
import { DnsError } from './provider.ts';
import type { RecordSet, RecordType } from './records.ts';
import { wakeAfter } from './retry-wait.ts';
import { type HeldNames, ZoneChoice } from './zone-choice.ts';
import { ZoneFollower, type ZoneFollowerPorts } from './zone-follower.ts';
import type { DnsName } from './zones.ts';

export interface GroupOutcome {
  /** One for each zone that is not as desired; mostly DnsErrors. */
  readonly failures: readonly unknown[];
  readonly held: readonly HeldNames[];
}

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

  /** A zone that takes longer than `patienceMs` counts as failed, but continues. Rejects with the reason of the abort. */
  async follow(
    desired: (names: readonly string[]) => readonly RecordSet[],
    patienceMs: number,
    leadership: Leadership,
  ): Promise<GroupOutcome> {
    const { clock } = this.#ports;
    const { namesByZone, held, againAt } = await this.#choice.choose(leadership.abort);
    this.#wakeForList(againAt, leadership);
    const outcomes = await Promise.allSettled(
      this.#followersOf(namesByZone).map(([follower, names]) =>
        withDeadline(clock, patienceMs, leadership.abort, `DNS zone ${follower.zone}`, async () => {
          const ending = this.#ending.get(follower.zone);
          if (ending !== undefined) await ending;
          await follower.follow(desired(names), leadership);
        }),
      ),
    );
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

  abandon(): void {
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
