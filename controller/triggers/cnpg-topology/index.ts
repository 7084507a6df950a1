import type { Cluster } from '../../../cnpg/cluster.ts';
import {
  demotedAt,
  firstInstanceOf,
  roleInTopology,
  selfOf,
  timelineOf,
  wasReplica,
} from '../../../cnpg/topology.ts';
import { describeClaim } from '../../../dns/claims/claim.ts';
import type { Claims } from '../../../dns/claims/claims.ts';
import type { Site } from '../../../settings/site.ts';
import type { WatchPorts } from '../../watch/reflect.ts';
import { CnpgTrigger } from '../cnpg/index.ts';
import { type Observation, type Trigger, unknown } from '../trigger.ts';

export interface CnpgTopologyOptions {
  readonly ports: WatchPorts;
  readonly namespace: string;
  readonly clusterName: string;
  /** The name of this Cluster in the topology, as the configuration has it. */
  readonly self: string;
  readonly sites: readonly Site[];
  /** What the clusters have said to each other in DNS. */
  readonly claims?: Claims;
}

/**
 * Follows a Cluster of a distributed topology, one Kubernetes cluster a site. As soon as another Cluster is named the
 * primary, that one's site is the active one, whatever has become of it: two must never be active at once. This one is
 * active when its own promotion is done, and not before. In between, whatever was active last remains so, unless that is this one.
 */
export function createTopologyTrigger(options: CnpgTopologyOptions): Trigger {
  const { ports, namespace, clusterName, claims } = options;
  const judge = (cluster: Cluster) => judgeTopology(cluster, options);
  const withoutCluster = () => judgeMissing(options);
  const trigger = new CnpgTrigger({
    ports,
    namespace,
    clusterName,
    mustBeReady: true,
    judge,
    withoutCluster,
  });
  return {
    watch: trigger.watch.bind(trigger),
    async observe(...given) {
      const observation = await trigger.observe(...given);
      // While a promotion was remembered, another Cluster may have been named.
      return (await claims?.remember()) === true ? await trigger.observe(...given) : observation;
    },
  };
}

/** One that was deleted to be made anew may have been demoted before, while nobody observed it. */
function judgeMissing({
  namespace,
  clusterName,
  sites,
  claims,
}: CnpgTopologyOptions): Observation | undefined {
  claims?.leave();
  const rival = claims?.rival;
  if (rival === undefined) return undefined;
  const message = `Cluster ${namespace}/${clusterName} does not exist, and ${describeClaim(rival)}`;
  return { ...at(rival.owner, sites), hold: { reason: 'ClusterNotFound', message } };
}

/** What the topology decides; undefined when this Cluster is the primary of it, and no other one takes precedence. */
function judgeTopology(cluster: Cluster, options: CnpgTopologyOptions): Observation | undefined {
  const { namespace, clusterName, self, sites, claims } = options;
  const name = `Cluster ${namespace}/${clusterName}`;
  if (cluster.metadata.deletionTimestamp !== undefined) return undefined;
  const own = {
    cluster: cluster.metadata.uid ?? '',
    timeline: timelineOf(cluster),
    instance: firstInstanceOf(cluster),
    demotedAt: demotedAt(cluster),
  };
  const overtaken = (): Observation | undefined => {
    const rival = claims?.rival;
    if (rival === undefined) return undefined;
    const message = `${name} takes itself for the primary, but ${describeClaim(rival)}`;
    return { ...at(rival.owner, sites), hold: { reason: 'ClaimedElsewhere', message } };
  };
  const role = roleInTopology(cluster);
  switch (role.kind) {
    case 'none':
      return unknown('NotInTopology', `${name} ${role.problem}`);
    case 'replica':
      claims?.standBy(own, wasReplica(cluster));
      return at(role.primary, sites);
    case 'promoting': {
      const pending = {
        ...unknown('PromotionPending', `${name} is to become the primary, but ${role.missing}`),
        movingTo: self,
      };
      // After a failover the operator has not seen the new instance for a moment. A demotion during one leaves no other trace than
      // that it has seen it, as a replica.
      if (claims?.isPromoted(own) === true && !wasReplica(cluster)) return overtaken() ?? pending;
      claims?.standBy(own, wasReplica(cluster));
      const { source = '' } = cluster.spec?.replica ?? {};
      // Its demotion may have passed unobserved.
      return source === ''
        ? pending
        : { ...pending, left: { from: siteOf(self, sites), primary: source, site: siteOf(source, sites) } };
    }
    case 'primary': {
      if (selfOf(cluster) !== self) {
        const names = `is called ${selfOf(cluster)} in its topology, and ${self} in the configuration`;
        return unknown('NotInTopology', `${name} ${names}`);
      }
      claims?.lead(own);
      return overtaken();
    }
  }
}

/** It stands by also for a cluster that is not configured here: that one may well be active. */
function at(primary: string, sites: readonly Site[]) {
  return { kind: 'located', primary, node: '', site: siteOf(primary, sites) } as const;
}

function siteOf(clusterName: string, sites: readonly Site[]): string {
  return sites.find(({ cluster }) => cluster === clusterName)?.name ?? clusterName;
}
