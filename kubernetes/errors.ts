/**
 * One error for every failed API call, so that callers need not know three forms of failures.
 * `status` is the HTTP status, or 0 when no answer came (refused, reset, timed out).
 */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly status: number;
  /** The server's machine-readable reason (`NotFound`, `Expired`, …), or `NoAnswer`. */
  readonly reason: string;
  /** The server's Retry-After in milliseconds, when it gave one. */
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    details: { status: number; reason: string; retryAfterMs?: number | undefined; cause?: unknown },
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.status = details.status;
    this.reason = details.reason;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** The fields to filter a log by. */
export function fieldsOfKubeError(error: unknown): { status: number; reason: string } | undefined {
  return error instanceof KubeError ? { status: error.status, reason: error.reason } : undefined;
}

export const isNotFound = (error: unknown): boolean => hasStatus(error, 404);
/** A compare-and-set that lost; also what a server-side apply without force gives. */
export const isConflict = (error: unknown): boolean =>
  hasStatus(error, 409) && (error as KubeError).reason !== 'AlreadyExists';
export const isAlreadyExists = (error: unknown): boolean =>
  hasStatus(error, 409) && (error as KubeError).reason === 'AlreadyExists';
/** Somebody else wrote, created or deleted the object meanwhile; or we ourselves did, by the same request sent twice. */
export const isLostRace = (error: unknown): boolean =>
  isConflict(error) || isAlreadyExists(error) || isNotFound(error);
/**
 * List again: the resourceVersion or continue token is too old (410 in either form), or newer than anything that the server
 * has, as after etcd was restored to an older copy.
 */
export const isGone = (error: unknown): boolean =>
  hasStatus(error, 410) || (error instanceof KubeError && error.reason === TOO_LARGE);
/** A reason of our own: resourceVersions have gone back. Comes with 410. */
export const PUT_BACK = 'Restored';
/** The cause that the API server gives with a 504. Source: k8s.io/apimachinery, CauseTypeResourceVersionTooLarge. */
export const TOO_LARGE = 'ResourceVersionTooLarge';
/**
 * Whether a write that failed may have been stored all the same: no answer came, or the server failed; or it was sent
 * twice, as a balancer does with a PUT whose answer it has lost (nginx: proxy_next_upstream), and the second one found
 * what the first one had stored. Then it is answered 409. Anything else was refused.
 */
export const mayBeStored = (error: unknown): boolean =>
  !(error instanceof KubeError) || error.status < 400 || error.status >= 500 || UNCLEAR.has(error.status);
/** Request Timeout, Conflict. */
const UNCLEAR: ReadonlySet<number> = new Set([408, 409]);
/** An answer larger than the caller wanted to read. */
export const isTooLarge = (error: unknown): boolean =>
  error instanceof KubeError && error.reason === 'TooLarge';
export const isForbidden = (error: unknown): boolean => hasStatus(error, 403);

function hasStatus(error: unknown, status: number): boolean {
  return error instanceof KubeError && error.status === status;
}

/** For `.catch`: the object, or the kind itself, does not exist. Anything else is thrown on. */
export function ignoreNotFound(error: unknown): undefined {
  if (isNotFound(error)) return undefined;
  throw error;
}

/** For `.catch`: the caller may not do that. Anything else is thrown on. */
export function ignoreForbidden(error: unknown): undefined {
  if (isForbidden(error)) return undefined;
  throw error;
}
