import { undefinedIfNotFound } from '../../../kubernetes/errors.ts';
import type { Leadership } from '../../../kubernetes/leadership.ts';
import type { Reflector } from '../../../kubernetes/reflector.ts';
import { PODS, type Pod } from '../../../kubernetes/resources.ts';
import { onDifference, reflect, type WatchPorts } from '../../reflect.ts';
import type { Observation, Trigger } from '../trigger.ts';
import { CLUSTERS, type Cluster, CNPG_LABELS } from './cluster.ts';
import { locate, primaryOf } from './locate.ts';
import type { PreferredPrimary } from './preferred.ts';

export interface CnpgOptions {
  readonly ports: WatchPorts;
  readonly namespace: string;
  readonly clusterName: string;
  /** Present when a preferred node is configured. */
  readonly preferred?: PreferredPrimary;
}

const MAX_READS = 3;

/** Follows `status.currentPrimary` of a CloudNativePG Cluster. */
export class CnpgTrigger implements Trigger {
  readonly #options: CnpgOptions;
  #watched: Reflector<Cluster, Cluster> | undefined;
  readonly steer?: (leadership: Leadership) => Promise<void>;

  constructor(options: CnpgOptions) {
    this.#options = options;
    const { preferred } = options;
    if (preferred !== undefined) this.steer = (leadership) => preferred.step(leadership);
  }

  async watch(wake: () => void, signal: AbortSignal): Promise<void> {
    const { ports, namespace, clusterName } = this.#options;
    const onChange = onDifference(wake);
    const clusters = reflect(ports, {
      resource: CLUSTERS,
      namespace,
      fieldSelector: `metadata.name=${clusterName}`,
      keep: (cluster: Cluster) => cluster,
      onChange: (key, now, before) =>
        onChange(key, now && whatMattersOfCluster(now), before && whatMattersOfCluster(before)),
    });
    this.#watched = clusters;
    const pods = reflect(ports, {
      resource: PODS,
      namespace,
      labelSelector: `${CNPG_LABELS.cluster}=${clusterName}`,
      keep: whatMattersOfPod,
      onChange,
    });
    await Promise.all([clusters.run(signal), pods.run(signal)]);
  }

  /**
   * The Cluster is read before and after the pod: in between, another pod may have become the primary, and one of
   * the old name come back elsewhere as its replica. Taken together, such reads tell of a place that never was.
   * The first read is spared when a watch has told of the Cluster: if it has the same version after the pod was read,
   * it has not changed since.
   */
  async observe(signal: AbortSignal): Promise<Observation> {
    const { ports, namespace, clusterName } = this.#options;
    const name = `Cluster ${namespace}/${clusterName}`;
    const told = this.#told();
    let cluster = told ?? (await this.#cluster(signal));
    for (let reads = 0; reads < MAX_READS; reads += 1) {
      if (cluster === undefined) {
        return { kind: 'unknown', reason: 'ClusterNotFound', message: `${name} does not exist` };
      }
      const primary = primaryOf(cluster);
      if ('kind' in primary) return primary;
      const key = { namespace, name: primary.pod };
      const pod = await ports.api.get(PODS, key, { signal }).catch(undefinedIfNotFound);
      const observation = locate(cluster, primary.pod, pod);
      if (observation.kind === 'unknown' && cluster !== told) return observation;
      const after = await this.#cluster(signal);
      const same: boolean = cluster === told ? sameVersion(cluster, after) : samePrimary(cluster, after);
      if (same) return observation;
      cluster = after;
    }
    return {
      kind: 'unknown',
      reason: 'PrimaryPending',
      message: `${name} changes its primary again and again`,
    };
  }

  /** What the watch told last, if that names a primary. It may be long ago. */
  #told(): Cluster | undefined {
    const [cluster] = this.#watched?.list() ?? [];
    return cluster === undefined || 'kind' in primaryOf(cluster) ? undefined : cluster;
  }

  #cluster(signal: AbortSignal): Promise<Cluster | undefined> {
    const { ports, namespace, clusterName: name } = this.#options;
    return ports.api.get(CLUSTERS, { namespace, name }, { signal }).catch(undefinedIfNotFound);
  }
}

function sameVersion({ metadata: before }: Cluster, after: Cluster | undefined): boolean {
  return before.uid === after?.metadata.uid && before.resourceVersion === after?.metadata.resourceVersion;
}

function samePrimary(before: Cluster, after: Cluster | undefined): boolean {
  return (
    after !== undefined &&
    before.metadata.uid === after.metadata.uid &&
    before.metadata.deletionTimestamp === after.metadata.deletionTimestamp &&
    before.status?.currentPrimary === after.status?.currentPrimary
  );
}

/** The operator writes its status often; these are the fields that the decision looks at. */
function whatMattersOfCluster({ metadata, status = {} }: Cluster): string {
  const { uid, deletionTimestamp } = metadata;
  return JSON.stringify([uid, deletionTimestamp, status.currentPrimary, status.targetPrimary, status.phase]);
}

function whatMattersOfPod({ metadata, spec, status }: Pod): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  return JSON.stringify([metadata.uid, metadata.deletionTimestamp, spec?.nodeName, ready]);
}
