import type { Leadership } from '../../kubernetes/leadership.ts';
import type { ZoneClaim } from '../claims/zone-claim.ts';
import type { WriteGuard } from '../provider.ts';
import type { RecordSet } from '../records.ts';
import { SupersededError } from './superseded-error.ts';

/** What a zone is to have. */
export interface Goal {
  readonly desired: readonly RecordSet[];
  readonly leadership: Leadership;
  readonly superseded: AbortController;
  /** The active site has changed; else it is what a new leader found, and may have been reached by the one before. */
  readonly isMove: boolean;
}

export function isGoal(goal: Goal, desired: readonly RecordSet[], leadership: Leadership): boolean {
  return (
    goal.leadership.abort === leadership.abort && JSON.stringify(goal.desired) === JSON.stringify(desired)
  );
}

/** Of the writes for it. */
export function guardOf(
  { leadership, superseded }: Goal,
  claim: ZoneClaim | undefined,
): WriteGuard & { readonly superseded: AbortSignal } {
  return {
    abort: leadership.abort,
    superseded: AbortSignal.any([leadership.abort, superseded.signal]),
    assertMayWrite: () => {
      if (!leadership.isLeader()) throw new SupersededError('the Lease has run out: nothing is written');
      superseded.signal.throwIfAborted();
      // The newer goal may have to wait for what is under way here.
      claim?.assertIsPrimary();
    },
  };
}
