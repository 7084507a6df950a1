/**
 * Why the last state is held. The codes are public: they stand in the status' `reason`, in Events and in metrics.
 * docs/reasons.md is generated from this table.
 */
export const HOLD_REASONS = {
  ClusterNotFound: {
    event: 'PrimaryUnknown',
    meaning: 'The followed Cluster does not exist.',
    action: 'Check CNPG_NAMESPACE and CNPG_CLUSTER_NAME, or create the Cluster.',
  },
  ClusterDeleting: {
    event: 'PrimaryUnknown',
    meaning: 'The followed Cluster is being deleted.',
    action: 'Nothing, if the deletion is wanted. The last site stays active.',
  },
  PrimaryEmpty: {
    event: 'PrimaryUnknown',
    meaning: 'The Cluster names no current primary.',
    action: 'Wait for the operator to make one; look at the Cluster with `kubectl cnpg status`.',
  },
  PrimaryPending: {
    event: 'PrimaryUnknown',
    meaning: 'The operator is choosing a primary.',
    action: 'Wait; if it lasts, look at the operator’s log.',
  },
  PodNotFound: {
    event: 'PrimaryUnknown',
    meaning: 'The primary’s pod does not exist.',
    action: 'Wait for the operator to recreate it or to fail over.',
  },
  PodWithoutNode: {
    event: 'PrimaryUnknown',
    meaning: 'The primary’s pod has not been scheduled.',
    action: 'Look at the pod’s Events: a volume, a taint or missing resources keep it from a node.',
  },
  PodOfOtherCluster: {
    event: 'PrimaryUnknown',
    meaning: 'A pod of the primary’s name belongs to another Cluster, often an earlier one of the same name.',
    action: 'Wait for the old pod to end, or remove it.',
  },
  NodeNotFound: {
    event: 'PrimaryUnknown',
    meaning: 'The primary’s node does not exist any more.',
    action: 'Wait for the pod to be rescheduled or for a failover.',
  },
  NodeWithoutSite: {
    event: 'NodeWithoutSite',
    meaning: 'The primary runs on a node that belongs to no site.',
    action: 'Add the node to a site in SITES, or move the primary to a node of a site.',
  },
  ApiError: {
    event: 'PrimaryUnknown',
    meaning: 'The Kubernetes API could not be asked.',
    action: 'Look at the API server, and at the controller’s permissions if the message says forbidden.',
  },
} as const;

export type HoldReason = keyof typeof HOLD_REASONS;
