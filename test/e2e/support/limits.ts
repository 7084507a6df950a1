/** Until CloudNativePG has every instance again; a demoted one may wait in the kubelet's back-off. */
export const REJOIN_MS = 300_000;
/** An operator that has to notice a failure by itself takes this long at most. */
export const FAILOVER_MS = 150_000;
