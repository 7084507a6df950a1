/** A zone that is followed through a provider, with what becomes of its names. */

import type { ZoneClaim } from '../../../dns/claims/zone-claim.ts';
import type { KeptSets } from '../../../dns/follower/kept-sets.ts';
import type { Ownership } from '../../../dns/follower/ownership.ts';
import { type RecordStatus, RecordStatuses } from '../../../dns/follower/record-status.ts';
import { ZoneFollower } from '../../../dns/follower/zone-follower.ts';
import type { DnsProvider } from '../../../dns/provider.ts';
import type { RecordSet, RecordType } from '../../../dns/records.ts';
import type { Leadership } from '../../../kubernetes/leadership.ts';
import type { Clock } from '../../../runtime/clock.ts';

import { KeptInMemory } from './kept-in-memory.ts';

const { signal: abort } = new AbortController();
const LEADERSHIP = { term: 1, abort, isLeader: () => true, confirm: () => Promise.resolve(1) };

export interface FollowedZoneOptions {
  readonly provider: DnsProvider;
  readonly clock: Clock;
  readonly owned: readonly RecordType[];
  readonly ownership?: Ownership;
  readonly claim?: ZoneClaim;
  /** Where a leader before this one has kept what names had. Absent: there was none. */
  readonly kept?: KeptSets;
  readonly leadership?: Leadership;
}

/** `names` of the zone follow; `owned` are the types that sites have. */
export function followedZone(
  zone: string,
  names: readonly string[],
  { provider, clock, owned, ownership, claim, kept, leadership = LEADERSHIP }: FollowedZoneOptions,
) {
  let progress: readonly RecordStatus[] = [];
  const follower = new ZoneFollower(zone, names, new Set(owned), {
    provider,
    clock,
    random: () => 0.5,
    periodMs: provider.driftMs,
    kept: kept ?? new KeptInMemory(names).open(),
    ...(ownership !== undefined && { ownership }),
    ...(claim !== undefined && { claim }),
    statuses: new RecordStatuses(clock, (rows) => {
      progress = rows;
    }),
    onAccepted: () => undefined,
    onFailure: () => undefined,
    onRecovered: () => undefined,
    wake: () => undefined,
  });
  return {
    follow: (desired: readonly RecordSet[], isMove?: boolean) => follower.follow(desired, leadership, isMove),
    /** What is wrong with names, in their order. */
    errors: () => progress.flatMap(({ name, error }) => (error === undefined ? [] : [{ name, ...error }])),
    /** The names that could not be brought in line. */
    failed: () => progress.filter(({ error }) => error !== undefined).map(({ name }) => name),
  };
}
