import type { Pod } from '../../../kubernetes/resources.ts';
import { type Observation, type Unknown, unknown } from '../trigger.ts';

/** Patroni keeps what it knows of a member as JSON in this annotation of its pod (patroni/dcs/kubernetes.py). */
const STATUS = 'status';

interface Claim {
  readonly pod: Pod;
  /** PostgreSQL's timeline: each promotion raises it. Undefined where nothing is known of it. */
  readonly timeline: number | undefined;
}

/**
 * Which of the pods with the leader's label is the leader. There can be several: one that lost the lead while it
 * could not reach the API keeps the label until it can. Where Patroni is known to be at work its annotation has to
 * make sense; elsewhere an annotation of that name may be anybody's.
 */
export function leaderOf(
  pods: readonly Pod[],
  what: string,
  { isPatroni }: { isPatroni: boolean },
): Observation {
  if (pods.length === 0) return unknown('PrimaryEmpty', `no pod is labelled as ${what}`);
  const claims: Claim[] = [];
  for (const pod of pods) {
    const claim = claimOf(pod, isPatroni);
    if ('kind' in claim) return claim;
    claims.push(claim);
  }
  const leader = single(claims) ?? latest(claims) ?? single(claims.filter(({ pod }) => isServing(pod)));
  if (leader === undefined) {
    const names = claims.map(({ pod }) => pod.metadata.name).sort();
    return unknown('PrimaryAmbiguous', `pods ${names.join(', ')} are all labelled as ${what}`);
  }
  const { metadata, spec } = leader.pod;
  const node = spec?.nodeName ?? '';
  if (node === '') return unknown('PodWithoutNode', `pod ${metadata.namespace}/${metadata.name} has no node`);
  return { kind: 'located', primary: metadata.name, node };
}

/**
 * The label does not tell the leader of a standby cluster from a primary: Patroni's standby_leader_label_value is
 * `primary` by default, and Crunchy labels both alike. The annotation does.
 */
function claimOf(pod: Pod, isPatroni: boolean): Claim | Unknown {
  const text = pod.metadata.annotations?.[STATUS];
  const name = `pod ${pod.metadata.namespace}/${pod.metadata.name}`;
  const member = text === undefined ? {} : parse(text);
  if (member === undefined && !isPatroni) return { pod, timeline: undefined };
  if (member === undefined) {
    return unknown('SourceInvalid', `${name} has an annotation "${STATUS}" that Patroni cannot have written`);
  }
  if (member.role === 'standby_leader') {
    return unknown('StandbyCluster', `${name} leads a standby cluster`);
  }
  return { pod, timeline: typeof member.timeline === 'number' ? member.timeline : undefined };
}

function parse(text: string): { readonly role?: unknown; readonly timeline?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined; // The caller says of which pod.
  }
}

/** The one that was promoted last. Undefined when somebody's timeline is not known: it may be the highest. */
function latest(claims: readonly Claim[]): Claim | undefined {
  const timelines = claims.map(({ timeline }) => timeline ?? Number.NaN);
  const highest = Math.max(...timelines);
  return single(claims.filter(({ timeline }) => timeline === highest));
}

/** Kubernetes marks the pods of a node that it has lost as not ready. */
function isServing({ metadata, status }: Pod): boolean {
  const ready = status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
  return ready === true && metadata.deletionTimestamp === undefined;
}

function single<T>(items: readonly T[]): T | undefined {
  return items.length === 1 ? items[0] : undefined;
}
