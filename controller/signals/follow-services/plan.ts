import { ANNOTATIONS } from '../../../contract/names.ts';
import { siteLabel } from '../../../contract/routing.ts';
import type { FollowedService } from './service.ts';

/** Where the Services of a follower have to route. */
export interface Goal {
  readonly follower: string;
  readonly site: string;
  readonly epoch: number;
  /** RFC 3339. */
  readonly now: string;
}

/** What the pods of a Service allow, as of one epoch. */
export interface ServiceEvaluation {
  readonly epoch: number;
  /** All ready pods of the active site carry its label, so that setting the key takes none of them away. */
  readonly labelled: boolean;
  /** The active site has no ready pod, and others have or had some. */
  readonly empty: boolean;
  /** The active site has been empty for as long as the Service bears. */
  readonly anySite: boolean;
}

/** Parts of a JSON merge patch, without the version: null removes. */
export interface ServicePatch {
  readonly metadata: { readonly annotations: Readonly<Record<string, string | null>> };
  readonly spec: { readonly selector: Readonly<Record<string, string | null>> };
}

/**
 * The one write that brings a Service in line; undefined: it is, or it has to wait for its pods. Old off and new on is
 * this one write, so no reader sees a moment with both sites or with none.
 */
export function planService(
  service: FollowedService,
  goal: Goal,
  evaluation: ServiceEvaluation | undefined,
): ServicePatch | undefined {
  if (!service.wanted) return service.left ? restored(service) : undefined;
  if (service.pods.length === 0) return undefined;
  const evaluated = evaluation?.epoch === goal.epoch ? evaluation : undefined;
  // Never followed so far, or by another follower: its pods may have no label of ours yet.
  const isNew = service.site === undefined && (service.epoch < 0 || service.siteKeys.length > 0);
  // It must not lose its last ready pod by being followed.
  if (isNew && (evaluated?.labelled !== true || evaluated.empty)) return undefined;
  // It routes to any site: maybe for another leader, and this one has not looked at its pods yet.
  const isOpen = service.anySite && service.epoch === goal.epoch;
  if (isOpen && evaluated?.labelled !== true) return undefined;
  const site = evaluated?.anySite === true ? undefined : goal.site;
  return isInLine(service, goal, site) ? undefined : routed(service, goal, site);
}

/** True when the Service was written for a later epoch than ours: then somebody else may lead. */
export function isAhead(service: FollowedService, goal: Goal): boolean {
  return service.wanted && service.epoch > goal.epoch;
}

function isInLine(service: FollowedService, goal: Goal, site: string | undefined): boolean {
  return (
    service.epoch === goal.epoch &&
    service.site === site &&
    service.anySite === (site === undefined) &&
    service.siteKeys.every((key) => key === siteLabel(goal.follower))
  );
}

function routed(service: FollowedService, goal: Goal, site: string | undefined): ServicePatch {
  return {
    metadata: {
      annotations: {
        [ANNOTATIONS.epoch]: String(goal.epoch),
        [ANNOTATIONS.anySite]: site === undefined ? goal.now : null,
      },
    },
    spec: { selector: { ...without(service.siteKeys), [siteLabel(goal.follower)]: site ?? null } },
  };
}

/** The selector as it was before it was followed. */
function restored({ siteKeys }: FollowedService): ServicePatch {
  return {
    metadata: { annotations: { [ANNOTATIONS.epoch]: null, [ANNOTATIONS.anySite]: null } },
    spec: { selector: without(siteKeys) },
  };
}

function without(keys: readonly string[]): Record<string, null> {
  return Object.fromEntries(keys.map((key) => [key, null]));
}
