import type { Leadership } from '../../kubernetes/leadership.ts';
import type { PublishedStatus } from '../status/published-status.ts';

/**
 * One thing that follows. A signal is one folder, whose create.ts has its wiring, and one row in registry.ts. It is level-triggered:
 * `apply` brings the world in line with the state it is given, and is called again with the newest state
 * after a failure (with back-off), after a change, and every `resyncMs`.
 */
export interface Signal {
  readonly name: string;
  /** Milliseconds between two applications of an unchanged state; drift is repaired this often. */
  readonly resyncMs: number;
  /** Moves traffic by one write for each object: the other signals get a new state a moment later. */
  readonly isFirst?: boolean;
  /**
   * Resolves when the world agrees with `state`. Throws when it does not yet.
   * Must ask `leadership.isLeader()` right before each write that has no compare-and-set.
   */
  apply(state: PublishedStatus, leadership: Leadership): Promise<void>;
  /** A newer state is there: `apply` is to end at once, however, and goes on by itself. Absent: the newer one waits for its end. */
  hasten?(): void;
  /** Extra reasons to apply again (a watch of drift). Resolves after `abort` fires. */
  watch?(enqueue: () => void, abort: AbortSignal): Promise<void>;
}
