import type { Status } from './status.ts';

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
    meaning: 'What is followed is being deleted.',
    action: 'Nothing, if the deletion is intended. The last site stays active.',
  },
  PrimaryEmpty: {
    event: 'PrimaryUnknown',
    meaning: 'What is followed names no current primary.',
    action: 'Wait for its operator to make one; look at a Cluster with `kubectl cnpg status`.',
  },
  PrimaryPending: {
    event: 'PrimaryUnknown',
    meaning: 'The operator is choosing a primary, or it changes faster than it can be read.',
    action: 'Wait; if it lasts, look at the operator’s log.',
  },
  PrimaryAmbiguous: {
    event: 'PrimaryUnknown',
    meaning: 'Several claim to be the primary, and it is unknown which of them was promoted last.',
    action: 'Wait for the others to step down; if it lasts, look at those that the message names.',
  },
  PrimaryExpired: {
    event: 'PrimaryUnknown',
    meaning: 'The holder of the Lease has not renewed it in time.',
    action: 'Wait for another holder, or look at the pod that held it.',
  },
  StandbyCluster: {
    event: 'PrimaryUnknown',
    meaning: 'The leader replicates from another cluster: it takes no writes, though its label says primary.',
    action: 'Promote the standby cluster, or follow the cluster that it replicates from.',
  },
  ClusterHibernated: {
    event: 'PrimaryUnknown',
    meaning: 'What is followed is hibernated or paused: its pods are removed on purpose.',
    action: 'Nothing, if that is intended. The last site stays active until it is resumed.',
  },
  ReplicaCluster: {
    event: 'PrimaryUnknown',
    meaning:
      'The followed Cluster is a replica cluster, or is being promoted from one: it replicates from another Cluster, and its primary takes no writes.',
    action:
      'Promote it by `spec.replica.primary`, or follow the Cluster that it replicates from. A promotion with a token waits until everything up to the token has been replayed.',
  },
  NotInTopology: {
    event: 'PrimaryUnknown',
    meaning:
      'The followed Cluster is not part of a distributed topology, or has another name in it than the configuration says.',
    action:
      'Let `spec.replica.primary` name the primary, and `self` and `sites[].cluster` be the names that it may have.',
  },
  PromotionPending: {
    event: 'PrimaryUnknown',
    meaning: 'The followed Cluster is named as the primary of its topology, and its promotion has not ended.',
    action:
      'Wait for the step that the message names. If it waits for a token, the demoted Cluster has to be reachable, or its archive.',
  },
  ClaimedElsewhere: {
    event: 'ClaimedElsewhere',
    meaning:
      'The Cluster here takes itself for the primary of its topology, and another one that was promoted later has claimed the DNS records: this site stands by.',
    action:
      'Demote the Cluster here by `spec.replica.primary`. If the other one is gone for good, remove its claim, the TXT record `_<follower>._site-follower.<zone>`.',
  },
  PrimaryNotReady: {
    event: 'PrimaryUnknown',
    meaning: 'The primary’s pod is not ready, so it is not known whether it takes writes.',
    action: 'Wait; if it lasts, see why with `kubectl describe pod`.',
  },
  SourceNotFound: {
    event: 'PrimaryUnknown',
    meaning: 'The object that the trigger reads does not exist, or its kind does not.',
    action: 'Check the trigger’s settings, or create the object.',
  },
  SourceInvalid: {
    event: 'PrimaryUnknown',
    meaning: 'What the trigger reads is invalid.',
    action: 'Look at what the message names, and check the trigger’s settings.',
  },
  SourceUnreachable: {
    event: 'PrimaryUnknown',
    meaning: 'The followed service could not be queried, or answered with an error.',
    action: 'Look at its pods and network policies; at the credentials if the message mentions them.',
  },
  SecretUnusable: {
    event: 'PrimaryUnknown',
    meaning: 'A Secret that the trigger needs does not exist, cannot be read, or lacks a key.',
    action: 'Create the Secret as docs/triggers.md says, or allow the controller to read it.',
  },
  SiteNotReady: {
    event: 'PrimaryUnknown',
    meaning: 'The nodes of the active site are not ready, and the waiting time is not over.',
    action: 'Nothing: another site takes over at the time in the message. Look at the nodes.',
  },
  NoSiteReady: {
    event: 'PrimaryUnknown',
    meaning: 'No site has enough ready nodes.',
    action: 'Look at the nodes with `kubectl get nodes`.',
  },
  NothingChosen: {
    event: 'PrimaryUnknown',
    meaning: 'No active site has been chosen yet.',
    action: 'Annotate the status ConfigMap with the name of a site; docs/triggers.md shows how.',
  },
  PodNotFound: {
    event: 'PrimaryUnknown',
    meaning: 'The primary’s pod does not exist.',
    action: 'Wait for the operator to recreate it or to fail over.',
  },
  PodEnded: {
    event: 'PrimaryUnknown',
    meaning: 'The primary’s pod has failed, was evicted, or has ended: nothing of it runs any more.',
    action:
      'Wait for the operator to replace it or to fail over; if it lasts, see why it ended with `kubectl describe pod`.',
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
  NodeInSeveralSites: {
    event: 'NodeInSeveralSites',
    meaning: 'The primary runs on a node that the node selectors of several sites claim.',
    action: 'Correct the labels of the node, or the selectors in SITES, so that one site has it.',
  },
  ApiError: {
    event: 'PrimaryUnknown',
    meaning: 'The Kubernetes API did not answer a request, or refused it.',
    action:
      'Look at the API server, and at the controller’s permissions if the message says forbidden: `kubectl site-follower check` names those that are missing.',
  },
} as const;

export type HoldReason = keyof typeof HOLD_REASONS;

/**
 * The code that the status' reason begins with, while the last site is held: also in the phase Transitioning, when the
 * service says that it is moving and yet gives no answer to act on.
 */
export function holdReason(status: Status): HoldReason | undefined {
  if (status.phase === 'Settled') return undefined;
  const [code = ''] = status.reason.split(':', 1);
  return Object.hasOwn(HOLD_REASONS, code) ? (code as HoldReason) : undefined;
}
