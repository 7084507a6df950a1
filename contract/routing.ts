/** What controller, webhook and users agree on about Services that follow the active site. */
import { ANNOTATIONS, DEFAULT_FOLLOWER, followerOf } from './names.ts';

const SITE = 'site-follower/site';

/**
 * The label of a pod that tells its site, and the key in the selector of a Service that follows. Each follower has its
 * own, as two of them may name the sites of one node differently.
 */
export function siteLabel(follower: string): string {
  return follower === DEFAULT_FOLLOWER ? SITE : `${SITE}-${follower}`;
}

/** The type of the pod condition by which `gate: condition` gates readiness. */
export const ACTIVE_CONDITION = 'site-follower/active';

/** The label of nodes in the active site; its value is `true`. */
export function activeLabel(follower: string): string {
  return follower === DEFAULT_FOLLOWER ? ACTIVE_CONDITION : `${ACTIVE_CONDITION}-${follower}`;
}

/** Whether a label is that of any follower. */
export function isSiteLabel(key: string): boolean {
  return key === SITE || key.startsWith(`${SITE}-`);
}

/**
 * What a Service does while the active site has no ready pod and another one has: stay with the active site, or route
 * to any site after a while.
 */
export const ON_EMPTY = ['hold', 'any-site'] as const;
export type OnEmpty = (typeof ON_EMPTY)[number];

/** Seconds. */
const DEFAULT_ON_EMPTY_AFTER = 30;
const LONGEST_ON_EMPTY_AFTER = 86_400;

/** What a Service asks of its follower. */
export interface RoutingSettings {
  readonly follower: string;
  readonly onEmpty: OnEmpty;
  /** Seconds. */
  readonly onEmptyAfter: number;
  /** Values that are not understood, each a sentence; the default holds instead. */
  readonly problems: readonly string[];
}

export function readRouting(annotations: Readonly<Record<string, string>> = {}): RoutingSettings {
  const problems: string[] = [];
  const refuse = (annotation: string, text: string, wanted: string) =>
    problems.push(`annotation ${annotation}: ${JSON.stringify(text.slice(0, 40))} must be ${wanted}`);
  const mode = annotations[ANNOTATIONS.onEmpty] ?? ON_EMPTY[0];
  const onEmpty = ON_EMPTY.find((name) => name === mode);
  if (onEmpty === undefined) refuse(ANNOTATIONS.onEmpty, mode, ON_EMPTY.join(' or '));
  const text = annotations[ANNOTATIONS.onEmptyAfter] ?? String(DEFAULT_ON_EMPTY_AFTER);
  const seconds = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  const isSound = seconds <= LONGEST_ON_EMPTY_AFTER;
  if (!isSound) {
    refuse(ANNOTATIONS.onEmptyAfter, text, `a whole number of seconds up to ${LONGEST_ON_EMPTY_AFTER}`);
  }
  return {
    follower: followerOf({ annotations }),
    onEmpty: onEmpty ?? ON_EMPTY[0],
    onEmptyAfter: isSound ? seconds : DEFAULT_ON_EMPTY_AFTER,
    problems,
  };
}
