import { decodeHistory, type Transition } from '../../contract/history.ts';
import { type Published, section } from '../cluster/followers.ts';

/** What `history -o json` prints, the oldest first. */
export interface HistoryView {
  readonly follower: string;
  /** Of the controller. */
  readonly namespace: string;
  readonly transitions: readonly Stay[];
}

/** A transition, and how long its site was active. */
export interface Stay extends Transition {
  /** Milliseconds from the move of the primary until it was published; null when that time is unknown. */
  readonly followedMs: number | null;
  /** Milliseconds until the next transition, or until now. */
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
    // At the first transition nothing moved: the primary was there before.
    const followedMs = Number.isNaN(moved) || transition.from === '' ? null : at - moved;
    return { ...transition, followedMs, activeMs: Math.max(0, until - at) };
  });
  return { follower, namespace, transitions };
}
