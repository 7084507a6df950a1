/** The field is an int32. A higher term was written by hand, and no term would be left above it. */
export const MAX_TERM = 2_000_000_000;

/** What a holder of the Lease may rely on, and ask before each write that nothing else fences. */
export interface Leadership {
  /** A number that only grows from holder to holder: the Lease's leaseTransitions. */
  readonly term: number;
  /** Aborts when leadership is lost or given up. */
  readonly abort: AbortSignal;
  /** True until the renewal deadline has passed on the monotonic clock, whatever timers did meanwhile. */
  isLeader(): boolean;
  /**
   * Renews now, raising the term above `floor` when one is given. Resolves to the leadership's new term,
   * or to undefined when the Lease is somebody else's: then `abort` is aborted too.
   * Rejects when the API gives no answer.
   */
  confirm(floor?: number): Promise<number | undefined>;
}

/** The same, but that it ends with `abort` as well. */
export function endingWith(abort: AbortSignal, leadership: Leadership): Leadership {
  return {
    get term() {
      return leadership.term;
    },
    abort,
    isLeader: () => !abort.aborted && leadership.isLeader(),
    confirm: (floor) => leadership.confirm(floor),
  };
}

/** For LEADER_ELECTION=false: the only replica, for ever. */
export function soleLeadership(abort: AbortSignal): Leadership {
  let term = 0;
  return {
    get term() {
      return term;
    },
    abort,
    isLeader: () => !abort.aborted,
    confirm: (floor = -1) => {
      term = Math.max(term, floor + 1);
      return Promise.resolve(term);
    },
  };
}
