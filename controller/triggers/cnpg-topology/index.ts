import { CLUSTERS, type Cluster } from '../../../cnpg/cluster.ts';
import { demotedAt, roleInTopology, selfOf } from '../../../cnpg/topology.ts';
import { type Claims, told } from '../../../dns/claims.ts';
import { undefinedIfNotFound } from '../../../kubernetes/errors.ts';
import type { Leadership } from '../../../kubernetes/leadership.ts';
import type { Site } from '../../../settings/site.ts';
import type { WatchPorts } from '../../reflect.ts';
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
 * active when its own promotion is done, and not before. In between, whatever was active last remains so.
 */
export class CnpgTopologyTrigger implements Trigger {
  readonly #options: CnpgTopologyOptions;
  readonly #local: CnpgTrigger;

  constructor(options: CnpgTopologyOptions) {
    const { ports, namespace, clusterName } = options;
    this.#options = options;
    this.#local = new CnpgTrigger({ ports, namespace, clusterName, mustBeReady: true });
  }

  watch(wake: () => void, signal: AbortSignal): Promise<void> {
    return this.#local.watch(wake, signal);
  }

  async observe(
    signal: AbortSignal,
    leadership: Leadership,
    expect?: (node: string) => void,
  ): Promise<Observation> {
    const { ports, namespace, clusterName } = this.#options;
    const key = { namespace, name: clusterName };
    const cluster = await ports.api.get(CLUSTERS, key, { signal }).catch(undefinedIfNotFound);
    const elsewhere = cluster && this.#outsideOf(cluster);
    if (elsewhere !== undefined) return elsewhere;
    const local = await this.#local.observe(signal, leadership, expect);
    if (local.kind === 'located' && cluster !== undefined)
      this.#options.claims?.lead(cluster.status?.timelineID ?? 0, demotedAt(cluster));
    return this.#rival() ?? local;
  }

  #rival(): Observation | undefined {
    const rival = this.#options.claims?.rival;
    if (rival === undefined) return undefined;
    const { namespace, clusterName } = this.#options;
    const message = `Cluster ${namespace}/${clusterName} takes itself for the primary, but ${told(rival)}`;
    return { ...this.#at(rival.owner), hold: { reason: 'ClaimedElsewhere', message } };
  }

  /** It stands by for one that nobody knows here all the same: that one may well be active. */
  #at(primary: string) {
    const site = this.#options.sites.find(({ cluster }) => cluster === primary)?.name ?? primary;
    return { kind: 'located', primary, node: '', site } as const;
  }

  /** What the topology alone decides; undefined when this Cluster is the primary of it. */
  #outsideOf(cluster: Cluster): Observation | undefined {
    const { namespace, clusterName, self, claims } = this.#options;
    const name = `Cluster ${namespace}/${clusterName}`;
    if (cluster.metadata.deletionTimestamp !== undefined) return undefined;
    const role = roleInTopology(cluster);
    switch (role.kind) {
      case 'none':
        return unknown('NotInTopology', `${name} ${role.problem}`);
      case 'replica':
        claims?.standBy(cluster.status?.timelineID ?? 0);
        return this.#at(role.primary);
      case 'promoting':
        return {
          ...unknown('PromotionPending', `${name} is to become the primary, but ${role.missing}`),
          movingTo: self,
        };
      case 'primary':
        return selfOf(cluster) === self
          ? undefined
          : unknown(
              'NotInTopology',
              `${name} is called ${selfOf(cluster)} in its topology, and ${self} in the configuration`,
            );
    }
  }
}
