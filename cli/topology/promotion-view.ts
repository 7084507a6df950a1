import type { MilestoneTime } from '../switchover/follow.ts';
import type { Condition } from '../switchover/plan.ts';
import type { Wal } from './wal.ts';

/** What `promote -o json` prints. */
export interface PromotionView {
  readonly site: string;
  readonly name: string;
  readonly cluster: string;
  /** The Cluster that it was a replica of. */
  readonly lost: string;
  /** Null where its instance gave no answer. */
  readonly wal: Wal | null;
  readonly preconditions: readonly Condition[];
  /** RFC 3339; null when nothing was changed. */
  readonly patchedAt: string | null;
  /** After that. */
  readonly milestones: readonly MilestoneTime[];
}
