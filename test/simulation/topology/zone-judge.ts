import type { RecordSet, WrittenType } from '../../../dns/records.ts';
import { ADDRESSES, clusterOf, PLACES, type Place, RECORDS } from './setup.ts';
import type { ZoneWrite } from './shared-zone.ts';
import type { Call } from './truth.ts';

export interface FoundClaim {
  readonly owner: string;
  readonly timeline: number;
}

/** The place that a record points to, and the timeline for which that place has claimed it. */
export interface Holder {
  readonly place: Place;
  readonly timeline: number;
}

type Sets = readonly RecordSet<WrittenType>[];

/** What must hold of each write of the zone, judged by what really was promoted. */
export class ZoneJudge {
  readonly #report: (violation: string) => void;
  readonly #holders = new Map<string, Holder>(RECORDS.map((name) => [name, { place: 'east', timeline: 0 }]));

  constructor(report: (violation: string) => void) {
    this.#report = report;
  }

  /** Of the record that was moved for the latest timeline. */
  get holder(): Holder | undefined {
    return [...this.#holders.values()].toSorted((one, two) => two.timeline - one.timeline).at(0);
  }

  onWrite({ call, before, after }: ZoneWrite<Call>): void {
    this.#checkClaim(call, claimIn(before), claimIn(after));
    for (const name of RECORDS) {
      if (pointsTo(before, name) !== pointsTo(after, name)) this.#checkMove(name, call, before, after);
    }
  }

  #checkMove(name: string, call: Call, before: Sets, after: Sets): void {
    const { actor, place } = call;
    const to = pointsTo(after, name);
    if (to !== place) this.#report(`${actor} points ${name} to ${to ?? 'nowhere'}`);
    const { owner, timeline } = claimIn(before) ?? { owner: 'nobody', timeline: 0 };
    if (owner !== clusterOf(place).name) this.#report(`${actor} moves ${name}, which ${owner} has claimed`);
    const was = this.#holders.get(name);
    if (was !== undefined && timeline <= was.timeline)
      this.#report(`${actor} moves ${name} for timeline ${timeline}, after ${was.place} for ${was.timeline}`);
    this.#holders.set(name, { place, timeline });
  }

  #checkClaim(
    { actor, place, promotion, latestClaim }: Call,
    was: FoundClaim | undefined,
    is: FoundClaim | undefined,
  ) {
    if (was?.owner === is?.owner && was?.timeline === is?.timeline) return;
    if (is === undefined) this.#report(`${actor} removes the claim`);
    else if (is.owner !== clusterOf(place).name) this.#report(`${actor} claims for ${is.owner}`);
    else if (is.timeline > latestClaim)
      this.#report(`${actor} claims timeline ${is.timeline}, and was promoted to ${promotion.timeline}`);
    else if (was?.owner === is.owner && is.timeline === promotion.timeline) this.#lower(place, is.timeline);
    else if (was !== undefined && is.timeline <= was.timeline)
      this.#report(`${actor} takes the claim of ${was.owner} on timeline ${was.timeline} for ${is.timeline}`);
  }

  /** One that was made anew from less, and promoted from there, claims less than it did before; who is promoted next must not be below. */
  #lower(place: Place, timeline: number): void {
    for (const [name, holder] of this.#holders)
      if (holder.place === place && holder.timeline > timeline) this.#holders.set(name, { place, timeline });
  }
}

export function claimIn(sets: Sets): FoundClaim | undefined {
  const values = sets.flatMap(({ type, values }) => (type === 'TXT' ? values : []));
  const found = values.flatMap((text) => {
    const [, owner = '', timeline = ''] = /owner=([^;]+);.* timeline=(\d+);/.exec(text) ?? [];
    return owner === '' ? [] : [{ owner, timeline: Number(timeline) }];
  });
  return found.at(0);
}

export function pointsTo(sets: Sets, name: string): Place | undefined {
  const values = sets.flatMap((set) => (set.name === name && set.type === 'A' ? set.values : []));
  return PLACES.find((place) => values.join() === ADDRESSES[place]);
}
