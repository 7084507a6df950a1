import type { Transition } from '../contract/history.ts';
import type { HoldReason } from '../contract/reasons.ts';
import type { Status } from '../contract/status.ts';
import { cut } from '../kubernetes/cut.ts';

/** An observation matched to a site, as far as that is certain. */
export type ResolvedObservation =
  | {
      readonly kind: 'located';
      readonly primary: string;
      /** Empty when it is in another Kubernetes cluster. */
      readonly node: string;
      readonly site: string;
      readonly movingTo?: string;
      /** Another cluster says so, and what runs here says something else. */
      readonly hold?: { readonly reason: HoldReason; readonly message: string };
    }
  | {
      readonly kind: 'unknown';
      readonly reason: HoldReason;
      readonly message: string;
      readonly movingTo?: string;
      /** As in an observation. */
      readonly left?: { readonly from: string; readonly primary: string; readonly site: string };
    };

export interface DecideInput {
  /** What this replica last published or took over. */
  readonly believed: Status | undefined;
  /** What the ConfigMap holds now; undefined when it is gone or malformed. */
  readonly published: Status | undefined;
  /** The highest epoch that anybody may have read, from whatever is left of a damaged ConfigMap and the report. */
  readonly epochFloor: number;
  readonly resolved: ResolvedObservation;
  /** Node names by site. */
  readonly sites: Readonly<Record<string, readonly string[]>>;
  /** RFC 3339. */
  readonly now: string;
}

const NOTHING: Status = {
  activeSite: '',
  activeNode: '',
  primary: '',
  phase: 'Held',
  reason: '',
  epoch: 0,
  since: '',
  lastUpdated: '',
  sites: {},
};

/**
 * Observation × configuration × previous state → next state. It never moves on a guess: an unknown observation keeps the
 * site, node and primary that were there, unless it is known that they have been left.
 *
 * The epoch rises when the site that readers see changes. That is so after a move, and also when somebody wrote
 * another site into the ConfigMap by hand: one epoch must never name two sites, because the higher epoch wins.
 */
export function decide({ believed, published, epochFloor, resolved, sites, now }: DecideInput): Status {
  const previous = believed ?? published ?? NOTHING;
  const place = placeOf(resolved, previous);
  const { epoch, since } = nextEpoch(place.activeSite, previous, published, epochFloor, now);
  const lastUpdated = laterThan(previous.lastUpdated, now);
  const next: Status = { ...place, ...phaseOf(resolved), epoch, since, sites, lastUpdated };
  return sameContent(previous, next) ? { ...next, lastUpdated: previous.lastUpdated } : next;
}

function placeOf(
  resolved: ResolvedObservation,
  { activeSite, activeNode, primary }: Status,
): Pick<Status, 'activeSite' | 'activeNode' | 'primary'> {
  if (resolved.kind === 'located') return newPlace(resolved);
  const { left } = resolved;
  return left?.from === activeSite ? newPlace({ ...left, node: '' }) : { activeSite, activeNode, primary };
}

function newPlace({ site, node, primary }: { site: string; node: string; primary: string }) {
  return {
    activeSite: cut(site, LONGEST_NAME),
    activeNode: cut(node, LONGEST_NAME),
    primary: cut(primary, LONGEST_NAME),
  };
}

/**
 * In bytes. A trigger quotes what others write, and the status is copied to each namespace and each pod: one that grows
 * with somebody's text would end the sidecars, and then fit into no ConfigMap.
 */
const LONGEST_NAME = 253;
const LONGEST_REASON = 1_024;

/** No replica's clock is off by more. */
const DAY_MS = 86_400_000;

/**
 * Readers with two sources tell by this time which of two states of one epoch is the newer one, so it never goes back
 * because the next leader's clock is behind. One that lies days ahead was written by hand.
 */
function laterThan(before: string, now: string): string {
  const behindMs = Date.parse(before) - Date.parse(now);
  return behindMs >= 0 && behindMs < DAY_MS ? new Date(Date.parse(before) + 1).toISOString() : now;
}

function nextEpoch(
  site: string,
  previous: Status,
  published: Status | undefined,
  floor: number,
  now: string,
): { epoch: number; since: string } {
  if (site === '') return { epoch: Math.max(previous.epoch, floor), since: previous.since };
  const known = published === undefined ? [previous] : [previous, published];
  const epoch = Math.max(floor, ...known.map((status) => status.epoch));
  const named = known.filter((status) => status.epoch === epoch);
  const [first] = named;
  if (first !== undefined && epoch > 0 && named.every((status) => status.activeSite === site)) {
    return { epoch, since: first.since };
  }
  return { epoch: epoch + 1, since: now };
}

function phaseOf(resolved: ResolvedObservation): Pick<Status, 'phase' | 'reason'> {
  const { phase, reason } = unboundedPhaseOf(resolved);
  return { phase, reason: cut(reason, LONGEST_REASON) };
}

function unboundedPhaseOf(resolved: ResolvedObservation): Pick<Status, 'phase' | 'reason'> {
  const moving = resolved.movingTo === undefined ? undefined : `Moving: to ${resolved.movingTo}`;
  if (resolved.kind === 'located') {
    if (resolved.hold !== undefined)
      return { phase: 'Held', reason: `${resolved.hold.reason}: ${resolved.hold.message}` };
    return moving === undefined
      ? { phase: 'Settled', reason: '' }
      : { phase: 'Transitioning', reason: moving };
  }
  const reason = `${resolved.reason}: ${resolved.message}`;
  return { phase: moving === undefined ? 'Held' : 'Transitioning', reason };
}

/**
 * What a replica that begins to lead believes: what is published, unless the history knows of a later epoch or of
 * another site for the same one. Then the ConfigMap was deleted or edited while nobody watched. `sites` are the nodes
 * as the report remembers them.
 */
export function recall(
  published: Status | undefined,
  last: Transition | undefined,
  sites: Status['sites'] = {},
): Status | undefined {
  if (last === undefined) return published;
  if (published !== undefined) {
    if (published.epoch > last.epoch) return published;
    if (published.epoch === last.epoch && published.activeSite === last.to) return published;
  }
  return {
    ...(published ?? { ...NOTHING, sites }),
    activeSite: last.to,
    activeNode: last.node,
    primary: last.primary,
    epoch: last.epoch,
    since: last.writtenAt,
  };
}

/** Everything but the time stamp. */
export function sameContent(a: Status, b: Status): boolean {
  return (
    a.activeSite === b.activeSite &&
    a.activeNode === b.activeNode &&
    a.primary === b.primary &&
    a.phase === b.phase &&
    a.reason === b.reason &&
    a.epoch === b.epoch &&
    a.since === b.since &&
    JSON.stringify(a.sites) === JSON.stringify(b.sites)
  );
}
