import { CLUSTERS, type Cluster } from '../../../cnpg/cluster.ts';
import { Promotion } from '../../../cnpg/replica.ts';
import { ignoreNotFound } from '../../../kubernetes/errors.ts';
import type { Leadership } from '../../../kubernetes/leadership.ts';
import { isReady } from '../../../kubernetes/ready.ts';
import { PODS, type Pod } from '../../../kubernetes/resources.ts';
import type { WatchPorts } from '../../watch/reflect.ts';
import { type Observation, type Trigger, unknown } from '../trigger.ts';
import { locate, primaryOf, promoting } from './locate.ts';
import type { PreferredPrimary } from './preferred.ts';
import { CnpgWatches } from './watches.ts';

export interface CnpgOptions {
  readonly ports: WatchPorts;
  readonly namespace: string;
  readonly clusterName: string;
  /** Present when a preferred node is configured. */
  readonly preferred?: PreferredPrimary;
  /** A primary that is not ready is none yet. */
  readonly mustBeReady?: boolean;
  /** What the Cluster alone says, before its primary is looked up; undefined: look it up. */
  readonly judge?: (cluster: Cluster) => Observation | undefined;
  /** What is known where there is no Cluster. */
  readonly withoutCluster?: () => Observation | undefined;
}

const MAX_READS = 3;

/** Follows `status.currentPrimary` of a CloudNativePG Cluster. */
export class CnpgTrigger implements Trigger {
  readonly #options: CnpgOptions;
  readonly #watches: CnpgWatches;
  readonly #promotion = new Promotion();
  readonly reconcilePreferredPrimary?: (leadership: Leadership) => Promise<void>;

  constructor(options: CnpgOptions) {
    this.#options = options;
    this.#watches = new CnpgWatches(options);
    const { preferred } = options;
    if (preferred !== undefined) this.reconcilePreferredPrimary = (leadership) => preferred.step(leadership);
  }

  watch(enqueue: () => void, abort: AbortSignal): Promise<void> {
    return this.#watches.run(enqueue, abort);
  }

  /**
   * Between the reads of the Cluster and of the pod another pod may become the primary, and one of the old name come
   * back elsewhere as its replica. Taken together, such reads give a place that never was.
   *
   * Where the watches have shown both, they are read in parallel, which is quickest: if the Cluster has named the
   * same primary all the while, and the pod is the one that it was, both were so at the moment when this began.
   * Otherwise the Cluster is read before and after the pod.
   */
  async observe(
    abort: AbortSignal,
    _leadership: Leadership,
    expect: (node: string) => void = () => undefined,
  ): Promise<Observation> {
    const { namespace, clusterName } = this.#options;
    const name = `Cluster ${namespace}/${clusterName}`;
    const cached = this.#watches.cachedPrimary();
    if (cached !== undefined) expect(cached.node);
    const [cachedPod, first] = await Promise.all([
      cached === undefined ? undefined : this.#pod(cached.primary, abort),
      this.#cluster(abort),
    ]);
    if (
      cached !== undefined &&
      hasNotMoved(cached.cluster, first) &&
      cachedPod?.metadata.uid === cached.uid
    ) {
      const primary = this.#primaryOf(first);
      return 'kind' in primary ? primary : this.#locate(first, primary.pod, cachedPod);
    }
    let cluster = first;
    for (let reads = 0; reads < MAX_READS; reads += 1) {
      if (cluster === undefined) {
        const message = `${name} does not exist`;
        return this.#options.withoutCluster?.() ?? unknown('ClusterNotFound', message);
      }
      const primary = this.#primaryOf(cluster);
      if ('kind' in primary) return primary;
      const observation = this.#locate(cluster, primary.pod, await this.#pod(primary.pod, abort));
      if (observation.kind === 'unknown') return observation;
      expect(observation.node); // What was read of it before may be older than the pod.
      const after = await this.#cluster(abort);
      if (hasSamePrimary(cluster, after)) return observation;
      cluster = after;
    }
    return {
      kind: 'unknown',
      reason: 'PrimaryPending',
      message: `${name} changes its primary again and again`,
    };
  }

  #locate(cluster: Cluster, primary: string, pod: Pod | undefined): Observation {
    const observation = locate(cluster, primary, pod);
    const mayDecide = this.#options.mustBeReady !== true || (pod !== undefined && isReady(pod));
    if (observation.kind !== 'located' || mayDecide) return observation;
    const message = `pod ${this.#options.namespace}/${primary} is the primary and is not ready`;
    return unknown('PrimaryNotReady', message);
  }

  #primaryOf(cluster: Cluster): { readonly pod: string } | Observation {
    const judged = this.#options.judge?.(cluster);
    if (judged !== undefined) return judged;
    const isPromoting = this.#promotion.isUnderWay(cluster);
    const primary = primaryOf(cluster);
    return isPromoting && !('kind' in primary) ? promoting(cluster) : primary;
  }

  #cluster(abort: AbortSignal): Promise<Cluster | undefined> {
    const { ports, namespace, clusterName: name } = this.#options;
    return ports.api.get(CLUSTERS, { namespace, name }, { abort }).catch(ignoreNotFound);
  }

  #pod(name: string, abort: AbortSignal): Promise<Pod | undefined> {
    const { ports, namespace } = this.#options;
    return ports.api.get(PODS, { namespace, name }, { abort }).catch(ignoreNotFound);
  }
}

/**
 * Nor has it moved away and back. The operator writes its status often, and the time of the last move with each move.
 * Source: CloudNativePG's CRD, status.currentPrimaryTimestamp.
 */
function hasNotMoved(before: Cluster, after: Cluster | undefined): after is Cluster {
  if (!hasSamePrimary(before, after)) return false;
  const at = before.status?.currentPrimaryTimestamp;
  const isSameVersion = before.metadata.resourceVersion === after.metadata.resourceVersion;
  return isSameVersion || (at !== undefined && at === after.status?.currentPrimaryTimestamp);
}

function hasSamePrimary(before: Cluster, after: Cluster | undefined): after is Cluster {
  return (
    after !== undefined &&
    before.metadata.uid === after.metadata.uid &&
    before.metadata.deletionTimestamp === after.metadata.deletionTimestamp &&
    before.status?.currentPrimary === after.status?.currentPrimary
  );
}
