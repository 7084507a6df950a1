import type { Status } from '../../contract/status.ts';
import type { Leadership } from '../../kubernetes/leadership.ts';
import type { Site } from '../../settings/site.ts';

/** What the signals are given: the status as it was written, and the active site's configuration. */
export interface PublishedStatus {
  readonly follower: string;
  readonly status: Status;
  /** Undefined until a primary was found for the first time: then no signal changes anything outside. */
  readonly site: Site | undefined;
  /** The active site has changed while this process looked. Absent or false: it is what a new leader found, and may be long in place. */
  readonly hasMoved?: boolean;
}

/**
 * One thing that follows. A signal is one folder, whose index.ts is where to begin, and one row in registry.ts. It is level-triggered:
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
