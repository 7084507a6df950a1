import { decodeHistory, type Transition } from '../../contract/history.ts';
import { type Published, section } from '../cluster/followers.ts';

/** What `history -o json` prints, the oldest first. */
export interface HistoryView {
  readonly follower: string;
  /** Of the controller. */
  readonly namespace: string;
  readonly transitions: readonly Stay[];
}

/** A move, and how long the site that it led to was active. */
export interface Stay extends Transition {
  /** Milliseconds from the service's own move until it was published; null when the service does not say. */
  readonly followedMs: number | null;
  /** Milliseconds until the next move, or until now. */
  readonly activeMs: number;
}

export function historyOf(published: Published, now: number): HistoryView {
  const { follower, namespace } = published;
  const all = decodeHistory(section(published, 'history')).filter(
    ({ writtenAt }) => !Number.isNaN(Date.parse(writtenAt)),
  );
  const transitions = all.map((transition, index): Stay => {
    const at = Date.parse(transition.writtenAt);
    const until = Date.parse(all[index + 1]?.writtenAt ?? '') || now;
    const moved = Date.parse(transition.movedAt);
    // At the very first one nothing moved: the service has been there for who knows how long.
    const followedMs = Number.isNaN(moved) || transition.from === '' ? null : at - moved;
    return { ...transition, followedMs, activeMs: Math.max(0, until - at) };
  });
  return { follower, namespace, transitions };
}
