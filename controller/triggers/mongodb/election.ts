import { isIP } from 'node:net';
import { isLabelName } from '../../../runtime/object-names.ts';
import { type Unknown, unknown } from '../trigger.ts';
import type { Hello } from './hello.ts';

/** What became of asking one member; `member` is its address in the settings. */
export type Answer =
  | { readonly member: string; readonly hello: Hello }
  | { readonly member: string; readonly problem: string };

export interface Election {
  readonly electionId: string;
  readonly setVersion: number;
}

export interface Elected {
  readonly pod: string;
  /** Undefined when the member reports none. */
  readonly election: Election | undefined;
}

interface Candidate {
  readonly member: string;
  readonly hello: Hello;
  readonly election: Election | undefined;
}

/**
 * Which member is primary. Two can claim it while the network is cut: the older one has not noticed yet. Of those the
 * one of the later election is primary; the electionId takes precedence over the setVersion (Server Discovery and Monitoring,
 * "Updating the topology from a primary"; setVersion alone was wrong: PYTHON-2970).
 *
 * `newest`: the latest election that this process has seen.
 */
export function electedOf(
  answers: readonly Answer[],
  replicaSet: string,
  newest: Election | undefined,
): Elected | Unknown {
  const heard = answers.flatMap((answer) => ('hello' in answer ? [answer] : []));
  if (heard.length === 0) return unreachable(answers, replicaSet);
  const own = eachOnce(heard.filter(({ hello }) => hello.setName === replicaSet));
  const candidates = own
    .filter(({ hello }) => hello.isWritablePrimary)
    .map((candidate): Candidate => ({ ...candidate, election: electionOf(candidate.hello) }));
  if (candidates.length === 0) {
    const stranger = heard.find(({ hello }) => hello.setName !== replicaSet);
    if (stranger !== undefined && (own.length === 0 || stranger.hello.isWritablePrimary)) {
      return strange(stranger.member, stranger.hello, replicaSet);
    }
    return unknown(
      'PrimaryEmpty',
      `none of the ${heard.length} members of ${replicaSet} that answer is primary`,
    );
  }
  const latest = latestOf(candidates);
  if (latest === undefined) {
    const names = candidates.map(({ member }) => member).join(' and ');
    return unknown('PrimaryAmbiguous', `${names} both say that they are primary of ${replicaSet}`);
  }
  if (!isCertain(latest, own, answers, newest)) {
    const message = `${latest.member} says that it is primary of ${replicaSet}, but too few members say the same`;
    return unknown('PrimaryPending', message);
  }
  return podOf(latest);
}

/**
 * One that is cut off may still believe that it is primary, for as long as its election timeout. It is believed when
 * everybody was heard and nobody contradicts, when most members name it, or when its election is as late as any seen.
 */
function isCertain(
  { hello, election }: Candidate,
  own: readonly { readonly hello: Hello }[],
  answers: readonly Answer[],
  newest: Election | undefined,
): boolean {
  const inFavour = own.filter((other) => other.hello.primary === hello.me).length;
  if (hello.me !== undefined && inFavour > hello.members.length / 2) return true;
  if (newest !== undefined) return election !== undefined && compare(election, newest) >= 0;
  return own.length === answers.length && own.length >= hello.members.length;
}

/** By their own names: the settings may have one member under two addresses, and it must not count twice. */
function eachOnce<T extends { readonly member: string; readonly hello: Hello }>(members: readonly T[]): T[] {
  return [...new Map(members.map((each) => [each.hello.me ?? each.member, each])).values()];
}

function podOf({ member, hello, election }: Candidate): Elected | Unknown {
  const address = hello.me ?? hello.primary ?? member;
  const host = address.replace(/:\d+$/, '');
  const [pod = ''] = host.split('.', 1);
  if (isIP(host.replaceAll(/[[\]]/g, '')) !== 0 || !isLabelName(pod)) {
    return unknown('SourceInvalid', `the primary calls itself ${address}, which begins with no pod’s name`);
  }
  return { pod, election };
}

function latestOf(candidates: readonly Candidate[]): Candidate | undefined {
  const [first, ...others] = candidates;
  if (first === undefined || others.length === 0) return first;
  const known = candidates.flatMap((candidate) => (candidate.election === undefined ? [] : [candidate]));
  if (known.length < candidates.length) return undefined;
  const sorted = known.toSorted((a, b) => compareCandidates(b, a));
  const [latest, next] = sorted;
  return latest !== undefined && next !== undefined && compareCandidates(latest, next) > 0
    ? latest
    : undefined;
}

function compareCandidates({ election: a }: Candidate, { election: b }: Candidate): number {
  return a === undefined || b === undefined ? 0 : compare(a, b);
}

export function compare(a: Election, b: Election): number {
  if (a.electionId !== b.electionId) return a.electionId < b.electionId ? -1 : 1;
  return a.setVersion - b.setVersion;
}

function electionOf({ electionId, setVersion = 0 }: Hello): Election | undefined {
  return electionId === undefined ? undefined : { electionId, setVersion };
}

function unreachable(answers: readonly Answer[], replicaSet: string): Unknown {
  const [first] = answers;
  const problem = first !== undefined && 'problem' in first ? `: ${first.member}: ${first.problem}` : '';
  return unknown('SourceUnreachable', `no member of ${replicaSet} answers${problem}`);
}

function strange(member: string, { setName }: Hello, replicaSet: string): Unknown {
  const where = setName === undefined ? 'is in no replica set' : `is in the replica set ${setName}`;
  return unknown('SourceInvalid', `${member} ${where}, not in ${replicaSet}`);
}
