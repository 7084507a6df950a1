import { CLUSTERS, type Cluster, CNPG_LABELS } from '../../../cnpg/cluster.ts';
import { isHibernated } from '../../../cnpg/hibernation.ts';
import { isSeenAsReplica } from '../../../cnpg/replica.ts';
import { timelineOf, wasReplica } from '../../../cnpg/topology.ts';
import { isReady } from '../../../kubernetes/ready.ts';
import { keyOf, type Reflector } from '../../../kubernetes/reflector.ts';
import { PODS, type Pod } from '../../../kubernetes/resources.ts';
import { onDifference, reflect, type WatchPorts } from '../../watch/reflect.ts';
import { placeOf } from '../pod-place.ts';
import { primaryOf } from './locate.ts';

export interface CnpgWatchOptions {
  readonly ports: WatchPorts;
  readonly namespace: string;
  readonly clusterName: string;
  /** Whether a look may give something new when a pod becomes ready. */
  readonly mustBeReady?: boolean;
}

/** What the watches showed last. It may be long ago. */
export interface CachedPrimary {
  readonly cluster: Cluster;
  /** The pod of its current primary. */
  readonly primary: string;
  readonly uid: string;
  readonly node: string;
}

interface WatchedPod {
  readonly uid: string;
  readonly node: string;
  /** Differs where a look may give something new. */
  readonly digest: string;
}

/** Of a Cluster and the pods of its instances. */
export class CnpgWatches {
  readonly #options: CnpgWatchOptions;
  #clusters: Reflector<Cluster, Cluster> | undefined;
  #pods: Reflector<Pod, WatchedPod> | undefined;

  constructor(options: CnpgWatchOptions) {
    this.#options = options;
  }

  /** Calls `enqueue` after each change that matters. Resolves after `abort` fires; never rejects. */
  async run(enqueue: () => void, abort: AbortSignal): Promise<void> {
    const { ports, namespace, clusterName, mustBeReady = false } = this.#options;
    const onChange = onDifference(enqueue);
    const clusters = reflect(ports, {
      resource: CLUSTERS,
      namespace,
      fieldSelector: `metadata.name=${clusterName}`,
      transform: (cluster: Cluster) => cluster,
      onChange: (key, now, before) =>
        onChange(key, now && digestOfCluster(now), before && digestOfCluster(before)),
    });
    const pods = reflect(ports, {
      resource: PODS,
      namespace,
      labelSelector: `${CNPG_LABELS.cluster}=${clusterName}`,
      transform: (pod: Pod) => watchedPod(pod, mustBeReady),
      onChange: (key, now, before) => {
        if (this.#mayDecide(key)) onChange(key, now?.digest, before?.digest);
      },
    });
    this.#clusters = clusters;
    this.#pods = pods;
    await Promise.all([clusters.run(abort), pods.run(abort)]);
  }

  /** A pod that the Cluster does not name as its primary decides nothing; the Cluster says which one is named next. */
  #mayDecide(pod: string): boolean {
    const { namespace, clusterName } = this.#options;
    const cluster = this.#clusters?.get(keyOf({ namespace, name: clusterName }));
    const primary = cluster && primaryOf(cluster);
    return primary === undefined || 'kind' in primary || keyOf({ namespace, name: primary.pod }) === pod;
  }

  /** Undefined until they have shown a Cluster and the pod of its primary on a node. */
  cachedPrimary(): CachedPrimary | undefined {
    const { namespace, clusterName } = this.#options;
    const cluster = this.#clusters?.get(keyOf({ namespace, name: clusterName }));
    if (cluster === undefined) return undefined;
    const primary = primaryOf(cluster);
    if ('kind' in primary) return undefined;
    const pod = this.#pods?.get(keyOf({ namespace, name: primary.pod }));
    if (pod === undefined || pod.uid === '' || pod.node === '') return undefined;
    return { cluster, primary: primary.pod, uid: pod.uid, node: pod.node };
  }
}

/** The operator writes its status often; these are the fields that the decision looks at. */
function digestOfCluster(cluster: Cluster): string {
  const { metadata, spec, status } = cluster;
  const isPromoted = spec?.replica === undefined || !isSeenAsReplica(cluster);
  return JSON.stringify([
    metadata.uid,
    primaryOf(cluster),
    status?.targetPrimary,
    isPromoted,
    status?.switchReplicaClusterStatus?.inProgress,
    spec?.replica && [timelineOf(cluster), wasReplica(cluster)],
    isHibernated(cluster),
  ]);
}

function watchedPod(pod: Pod, mustBeReady: boolean): WatchedPod {
  const { uid = '' } = pod.metadata;
  const digest = JSON.stringify([uid, placeOf(pod), mustBeReady && isReady(pod)]);
  return { uid, node: pod.spec?.nodeName ?? '', digest };
}
