/**
 * The Kubernetes Events that the controller makes, on the status ConfigMap. The reasons are public: people search and
 * alert on them. docs/events.md is generated from this table.
 */

export interface EventKind {
  readonly type: 'Normal' | 'Warning';
  /** The `action` of events.k8s.io/v1: what the controller did. */
  readonly action: string;
  readonly meaning: string;
}

export const EVENT_REASONS = {
  SiteChanged: {
    type: 'Normal',
    action: 'Switch',
    meaning: 'The active site changed, and with it the epoch.',
  },
  PrimaryUnknown: {
    type: 'Warning',
    action: 'Hold',
    meaning: 'The trigger gives no answer to act on. The last site stays active.',
  },
  NodeWithoutSite: {
    type: 'Warning',
    action: 'Hold',
    meaning: 'The primary runs on a node that belongs to no site. The last site stays active.',
  },
  NodeInSeveralSites: {
    type: 'Warning',
    action: 'Hold',
    meaning:
      'The primary runs on a node that the node selectors of several sites claim. The last site stays active.',
  },
  ClaimedElsewhere: {
    type: 'Warning',
    action: 'StandBy',
    meaning:
      'Two Clusters of a topology take themselves for the primary. The other one was promoted later and has claimed the DNS records, so this site stands by.',
  },
  NodeKept: {
    type: 'Warning',
    action: 'Hold',
    meaning:
      'A node has lost the labels of its site, was recreated without them, or is claimed by several sites. It is kept in its last site, and so are its pods, until one site alone claims it.',
  },
  StatusNotWritten: {
    type: 'Warning',
    action: 'Publish',
    meaning:
      'The status could not be read or written several times in a row, so readers do not learn of a move. The note has the server’s own message. Retried automatically.',
  },
  PrimaryFound: {
    type: 'Normal',
    action: 'Settle',
    meaning: 'The primary was found again after a time without an answer.',
  },
  DnsFailed: {
    type: 'Warning',
    action: 'UpdateDns',
    meaning:
      'DNS records could not be updated. The note has the provider’s own message. Retried automatically.',
  },
  DnsNotFollowed: {
    type: 'Warning',
    action: 'UpdateDns',
    meaning:
      'A listed name has an AAAA record and no site an `ipv6`, or an A record and no site an `ip`: it stays as it is, and leads past the active site. Or several sites have the same address or `cname`, so that a move between them changes no record.',
  },
  DnsRecovered: {
    type: 'Normal',
    action: 'UpdateDns',
    meaning: 'DNS records are up to date again after a failure.',
  },
  NotificationFailed: {
    type: 'Warning',
    action: 'Notify',
    meaning: 'A notification target cannot be reached. Retried for an hour.',
  },
  NotificationGivenUp: {
    type: 'Warning',
    action: 'Notify',
    meaning: 'A notification was not delivered: the target refuses it, or could not be reached for an hour.',
  },
  PreferredPrimaryRequested: {
    type: 'Normal',
    action: 'Promote',
    meaning: 'The operator was asked to move the primary to the preferred node.',
  },
  PreferredPrimaryReached: {
    type: 'Normal',
    action: 'Promote',
    meaning: 'The primary runs on the preferred node.',
  },
  PreferredPrimaryWaiting: {
    type: 'Warning',
    action: 'Promote',
    meaning:
      'The primary is not moved to the preferred node yet: the note says which precondition is not met.',
  },
  PreferredPrimaryFailed: {
    type: 'Warning',
    action: 'Promote',
    meaning: 'The primary did not reach the preferred node in time. It is not retried automatically.',
  },
  ServiceEmpty: {
    type: 'Warning',
    action: 'Route',
    meaning:
      'The active site has no ready pod for a followed Service, while another site has some. The note says what the Service does.',
  },
  ServiceServed: {
    type: 'Normal',
    action: 'Route',
    meaning: 'A followed Service has ready pods on the active site again, and routes to them alone.',
  },
  ServiceRefused: {
    type: 'Warning',
    action: 'Route',
    meaning:
      'A Service asks to follow, but the operator of a database made it and decides where it routes, or its selector has more than 32 keys. It is left alone.',
  },
  CopyRefused: {
    type: 'Warning',
    action: 'Copy',
    meaning: 'A namespace needs a copy of the status but has a foreign ConfigMap of that name.',
  },
} as const satisfies Readonly<Record<string, EventKind>>;

export type EventReason = keyof typeof EVENT_REASONS;
