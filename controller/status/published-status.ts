import type { Status } from '../../contract/status.ts';
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
