import { createHash } from 'node:crypto';
import type { Transition } from '../contract/history.ts';
import type { Status } from '../contract/status.ts';

/**
 * The kinds of notifications, which are public: with the prefix `site-follower.` they are the `type` of a CloudEvent.
 * docs/events.md is generated from this table.
 */
export const NOTIFICATIONS = {
  connected: { meaning: 'The first one to a new target: notifications reach it. It has the current state.' },
  'site-changed': { meaning: 'The active site changed, and with it the epoch.' },
  held: {
    meaning:
      'For a minute the trigger has given no answer to act on; `reason` says why. The last site stays active.',
  },
  settled: {
    meaning: 'After `held`: the primary was found again, in the site that was active all the time.',
  },
} as const satisfies Readonly<Record<string, { readonly meaning: string }>>;

export type NotificationKind = keyof typeof NOTIFICATIONS;

/** One notification. It never changes once it was made, so that each attempt sends the same. */
export interface Notification {
  /** The same for the same occurrence, whichever replica makes it, so that a receiver can drop a second copy. */
  readonly id: string;
  readonly kind: NotificationKind;
  /** RFC 3339: when it happened. */
  readonly time: string;
  readonly data: NotificationData;
}

export interface NotificationData {
  readonly follower: string;
  readonly epoch: number;
  readonly activeSite: string;
  /** Empty when there was none, and where nothing moved. */
  readonly previousSite: string;
  readonly activeNode: string;
  readonly primary: string;
  readonly phase: string;
  /** Why it is held; empty when it is not. */
  readonly reason: string;
}

/** The message of a hold reason can carry a whole answer of the API server. */
const LONGEST_REASON = 400;

/** The notification of what `status` itself says. `source` is unique to this follower of this installation. */
export function fromStatus(
  kind: Exclude<NotificationKind, 'site-changed'>,
  status: Status,
  follower: string,
  source: string,
  time: string,
): Notification {
  const { epoch, activeSite, activeNode, primary, phase, reason } = status;
  return {
    id: identifier(source, kind, epoch, time),
    kind,
    time,
    data: {
      follower,
      epoch,
      activeSite,
      previousSite: '',
      activeNode,
      primary,
      phase,
      reason: reason.length > LONGEST_REASON ? `${reason.slice(0, LONGEST_REASON)}…` : reason,
    },
  };
}

export function fromTransition(transition: Transition, follower: string, source: string): Notification {
  const { epoch, from, to, node, primary, writtenAt } = transition;
  return {
    id: identifier(source, 'site-changed', epoch, writtenAt),
    kind: 'site-changed',
    // Not when the service says that it moved: who makes up for a leader that died does not know that any more.
    time: writtenAt,
    data: {
      follower,
      epoch,
      activeSite: to,
      previousSite: from,
      activeNode: node,
      primary,
      phase: 'Settled',
      reason: '',
    },
  };
}

/** Standard Webhooks 1.0, "Webhook ID": unique, and without the dot that separates what is signed. */
function identifier(...parts: readonly (string | number)[]): string {
  return `msg_${createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 27)}`;
}
