/** Which call of an account may be made when. Pure. */

/** At most `calls` in any period of `ms`. */
export interface RateWindow {
  readonly ms: number;
  readonly calls: number;
}

export interface CallLimits {
  /** For messages. */
  readonly provider: string;
  readonly windows: readonly RateWindow[];
  /** The most of a window that is too long to wait for that {@link IDLE} calls may have. */
  readonly idleShare: number;
  /**
   * Calls that a zone needs to move, the read at its beginning included. In long windows a read begins a move only if those that come
   * after it are left: with many zones reads alone could use up all calls, and none would be written.
   */
  readonly moveCalls: number;
}

/**
 * write: all calls of a change after its zone was read, including further reads. move: the read that begins it. find: in which zones
 * names are. check: whether what was written is shown. first: what a new leader finds. drift: whether others have written. look:
 * whether a change has arrived at the name servers. In the order in which they are served.
 */
export const PURPOSES = ['write', 'move', 'find', 'check', 'first', 'drift', 'look'] as const;
export type CallPurpose = (typeof PURPOSES)[number];

/** Reads after which a zone may be written. */
const BEGINS: ReadonlySet<CallPurpose> = new Set(['move', 'first']);

/** They move no record, and come out of a share of their own, so that none of them ever delays a move. */
const IDLE: ReadonlySet<CallPurpose> = new Set(['check', 'first', 'drift', 'look']);

export interface Call {
  /** By `Clock.elapsed`. */
  readonly at: number;
  readonly purpose: CallPurpose;
}

/** Nobody waits longer for a call. */
export const LONGEST_WAIT_MS = 20_000;

export function isIdle(purpose: CallPurpose): boolean {
  return IDLE.has(purpose);
}

/** When the oldest call of a full window leaves it. */
export function freeAt({ ms, calls }: RateWindow, times: readonly number[]): number {
  const oldest = times.at(-calls);
  return oldest === undefined ? Number.NEGATIVE_INFINITY : oldest + ms;
}

/** When one more call for `purpose` is allowed after `made`, the newest last. */
export function callFreeAt(
  limits: CallLimits,
  purpose: CallPurpose,
  made: readonly Call[],
  now: number,
): number {
  return Math.max(...limits.windows.map((window) => freeInWindow(window, limits, purpose, made, now)));
}

function freeInWindow(
  { ms, calls }: RateWindow,
  { idleShare, moveCalls }: CallLimits,
  purpose: CallPurpose,
  made: readonly Call[],
  now: number,
): number {
  if (ms <= LONGEST_WAIT_MS || purpose === 'write') return freeOf(ms, calls, made);
  const own = BEGINS.has(purpose) ? Math.min(moveCalls, calls) - 1 : 0;
  const idle = Math.ceil(calls * idleShare);
  const free = Math.max(
    freeOf(ms, calls - own, made),
    IDLE.has(purpose) ? freeOf(ms, idle, made, (call) => IDLE.has(call.purpose)) : Number.NEGATIVE_INFINITY,
    purpose === 'look' ? freeOf(ms, Math.ceil(idle / 2), made, isLook) : Number.NEGATIVE_INFINITY,
  );
  // What a new leader has read keeps no call from a move.
  const isOwing = (call: Call) => call.purpose === 'move' || (call.purpose === 'first' && purpose !== 'move');
  const { left, until } = owed(moveCalls - 1, made, now, isOwing);
  const unlessOwed = freeOf(ms, Math.max(1, calls - own - left), made);
  return unlessOwed > now ? Math.max(free, Math.min(unlessOwed, until)) : free;
}

function isLook({ purpose }: Call): boolean {
  return purpose === 'look';
}

/** When there are fewer than `most` calls in the last `ms`, of those that count. */
function freeOf(ms: number, most: number, made: readonly Call[], counts?: (call: Call) => boolean): number {
  let left = most;
  for (let index = made.length - 1; index >= 0; index -= 1) {
    const call = made[index];
    if (call === undefined || counts?.(call) === false) continue;
    left -= 1;
    if (left <= 0) return call.at + ms;
  }
  return Number.NEGATIVE_INFINITY;
}

/** What those that were read just now need for their writes, and when the first of them will not come any more. */
function owed(callsOfAWrite: number, made: readonly Call[], now: number, isOwing: (call: Call) => boolean) {
  let left = 0;
  let until = Number.POSITIVE_INFINITY;
  for (let index = made.length - 1; index >= 0; index -= 1) {
    const call = made[index];
    if (call === undefined || call.at <= now - LONGEST_WAIT_MS) break;
    if (isOwing(call)) {
      left += callsOfAWrite;
      until = call.at + LONGEST_WAIT_MS;
    } else if (call.purpose === 'write') left -= 1;
  }
  return { left: Math.max(0, left), until };
}
