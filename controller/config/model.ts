import type { DnsConfig } from '../../dns/registry.ts';
import type { NotifyTarget } from '../../notify/target.ts';
import type { Secret } from '../../settings/secret.ts';
import type { Site } from '../../settings/site.ts';
import type { ConditionOrder } from '../signals/pod-conditions/plan.ts';
import type { TriggerConfig } from '../triggers/registry.ts';
import type { Peer } from './peers.ts';

export type { DnsConfig } from '../../dns/registry.ts';

/** The configuration as the rest of the controller gets it: complete and checked. */
export interface Config {
  /** At least one; the first is the one that the variables configure. */
  readonly followers: readonly [FollowerConfig, ...FollowerConfig[]];
  readonly configMapName: string;
  readonly resyncSeconds: number;
  readonly leaderElection: boolean;
  /** 0: a free one. */
  readonly httpPort: number;
  /** Lower case. */
  readonly httpHosts: readonly string[];
  /** For the page alone; at most eight. */
  readonly peers: readonly Peer[];
  readonly dryRun: boolean;
  readonly logLevel: string;
  /** Of the controller's own objects. Undefined: that of the service account or kubeconfig context. */
  readonly namespace?: string | undefined;
  /** Undefined: the host name. */
  readonly podName?: string | undefined;
  readonly proxy: ProxyConfig;
}

/** For all that is called but the API server. */
export interface ProxyConfig {
  /** For https URLs. */
  readonly https?: Secret | undefined;
  readonly http?: Secret | undefined;
  readonly noProxy: readonly string[];
}

export interface FollowerConfig {
  readonly name: string;
  readonly sites: readonly Site[];
  readonly trigger: TriggerConfig;
  readonly routing: RoutingConfig;
  /** Record sets, each at one provider; none where no records are listed. */
  readonly dns: readonly DnsConfig[];
  /** Different names; at most eight. */
  readonly notify: readonly NotifyTarget[];
}

/** Ways to reach the active site inside the cluster. */
export interface RoutingConfig {
  readonly followServices: boolean;
  readonly podConditions: boolean;
  readonly conditionOrder: ConditionOrder;
  readonly nodeLabel: boolean;
}
