/** The section of the report that says what the controller has to be allowed to do, for `kubectl site-follower check`. */
export const RIGHTS_SECTION = 'rights';

export type RbacVerb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

/** Something that a process has to be allowed to do. */
export interface Permission {
  /** Absent: everywhere. */
  readonly namespace?: string;
  /** Empty for the core group. */
  readonly group: string;
  /** The plural, with its subresource. */
  readonly resource: string;
  /** Only the object of this name. */
  readonly name?: string;
  readonly verbs: readonly RbacVerb[];
  /** What it is for; a sentence. */
  readonly reason: string;
}
