import { hasEnded, isReadyAndStays } from '../../../kubernetes/ready.ts';
import type { Pod } from '../../../kubernetes/resources.ts';
import { readJson } from '../../../runtime/json.ts';
import { placeOf } from '../pod-place.ts';
import { type Observation, type Unknown, unknown } from '../trigger.ts';

/** Patroni keeps what it knows of a member as JSON in this annotation of its pod (patroni/dcs/kubernetes.py). */
const STATUS = 'status';

/** Anybody who may label pods there can make thousands of leaders. */
const MOST_NAMED = 5;

/** What a pod with the leader's label says of itself, as far as the choice of the leader depends on it. */
export interface Candidate {
  readonly name: string;
  readonly hasEnded: boolean;
  /** Why it cannot be the leader, whatever its label says. */
  readonly objection: Unknown | undefined;
  /** PostgreSQL's timeline: each promotion raises it. Undefined where nothing is known of it. */
  readonly timeline: number | undefined;
  /** Kubernetes marks the pods of a node that it has lost as not ready. */
  readonly isServing: boolean;
  readonly place: Observation;
}

/**
 * The label does not distinguish the leader of a standby cluster from a primary: Patroni's standby_leader_label_value is
 * `primary` by default, and Crunchy labels both alike. The annotation does. Where Patroni is known to be at work it has
 * to make sense; elsewhere an annotation of that name may be anybody's.
 */
export function candidateOf(pod: Pod, { isPatroni }: { isPatroni: boolean }): Candidate {
  const { metadata } = pod;
  const text = metadata.annotations?.[STATUS];
  const name = `pod ${metadata.namespace}/${metadata.name}`;
  const member = text === undefined ? {} : parse(text);
  return {
    name: metadata.name,
    hasEnded: hasEnded(pod),
    objection: objectionTo(name, member, isPatroni),
    timeline: typeof member?.timeline === 'number' ? member.timeline : undefined,
    isServing: isReadyAndStays(pod),
    place: placeOf(pod),
  };
}

/**
 * Which of those with the leader's label is the leader. There can be several: one that lost the lead while it could not
 * reach the API keeps the label until it can, and so does one that was evicted.
 */
export function leaderOf(all: readonly Candidate[], what: string): Observation {
  const [first] = all;
  if (first === undefined) return unknown('PrimaryEmpty', `no pod is labelled as ${what}`);
  const candidates = all.filter(({ hasEnded }) => !hasEnded);
  if (candidates.length === 0) return first.place;
  const objection = candidates.find((candidate) => candidate.objection !== undefined)?.objection;
  if (objection !== undefined) return objection;
  const leader =
    single(candidates) ?? latest(candidates) ?? single(candidates.filter(({ isServing }) => isServing));
  if (leader !== undefined) return leader.place;
  const names = candidates.map(({ name }) => name).sort();
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : '';
  const named = names.slice(0, MOST_NAMED).join(', ');
  return unknown('PrimaryAmbiguous', `pods ${named}${more} are all labelled as ${what}`);
}

interface Member {
  readonly role?: unknown;
  readonly timeline?: unknown;
}

function objectionTo(name: string, member: Member | undefined, isPatroni: boolean): Unknown | undefined {
  if (member?.role === 'standby_leader') {
    return unknown('StandbyCluster', `${name} leads a standby cluster`);
  }
  if (member !== undefined || !isPatroni) return undefined;
  return unknown('SourceInvalid', `${name} has an annotation "${STATUS}" that Patroni cannot have written`);
}

function parse(text: string): Member | undefined {
  const value = readJson(text);
  return typeof value === 'object' && value !== null ? value : undefined;
}

/** The one that was promoted last. Undefined when any timeline is not known: that one may be the highest. */
function latest(candidates: readonly Candidate[]): Candidate | undefined {
  const timelines = candidates.map(({ timeline }) => timeline ?? Number.NaN);
  const highest = timelines.reduce((one, other) => Math.max(one, other), Number.NEGATIVE_INFINITY);
  return single(candidates.filter(({ timeline }) => timeline === highest));
}

function single<T>(items: readonly T[]): T | undefined {
  return items.length === 1 ? items[0] : undefined;
}
