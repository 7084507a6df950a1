import { undefinedIfNotFound } from '../../../kubernetes/errors.ts';
import type { Leadership } from '../../../kubernetes/leadership.ts';
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

/** Follows `status.currentPrimary` of a CloudNativePG Cluster. */
export class CnpgTrigger implements Trigger {
  readonly #options: CnpgOptions;
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
      keep: whatMattersOfCluster,
      onChange,
    });
    const pods = reflect(ports, {
      resource: PODS,
      namespace,
      labelSelector: `${CNPG_LABELS.cluster}=${clusterName}`,
      keep: whatMattersOfPod,
      onChange,
    });
    await Promise.all([clusters.run(signal), pods.run(signal)]);
  }

  async observe(signal: AbortSignal): Promise<Observation> {
    const { ports, namespace, clusterName: name } = this.#options;
    const { api } = ports;
    const cluster = await api.get(CLUSTERS, { namespace, name }, { signal }).catch(undefinedIfNotFound);
    if (cluster === undefined) {
      const message = `Cluster ${namespace}/${name} does not exist`;
      return { kind: 'unknown', reason: 'ClusterNotFound', message };
    }
    const primary = primaryOf(cluster);
    if ('kind' in primary) return primary;
    const pod = await api.get(PODS, { namespace, name: primary.pod }, { signal }).catch(undefinedIfNotFound);
    return locate(cluster, primary.pod, pod);
  }
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
