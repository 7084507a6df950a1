/**
 * Until CloudNativePG has every instance again. The container of a demoted one starts anew, and after some switchovers waits
 * for up to five minutes before it does (kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle, "Container restarts").
 */
export const REJOIN_MS = 420_000;
/** An operator that has to notice a failure by itself takes this long at most. */
export const FAILOVER_MS = 150_000;
