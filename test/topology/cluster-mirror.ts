import { CLUSTERS, type Cluster } from '../../cnpg/cluster.ts';
import type { KubeApi, KubeObject } from '../../kubernetes/api.ts';
import { isAlreadyExists, isNotFound, mayBeStored } from '../../kubernetes/errors.ts';
import { PODS, type Pod } from '../../kubernetes/resources.ts';
import type { Change } from '../simulation/api-objects.ts';
import { sameJson } from '../simulation/json.ts';
import { until } from '../support/until.ts';

/** For one write. */
const LIMIT_MS = 60_000;

interface Parts extends KubeObject {
  readonly spec?: object;
  readonly status?: object;
}

/** Makes on a real API server, one after the other, what the operator and humans do to Cluster and instances. */
export class ClusterMirror {
  readonly #api: KubeApi;
  readonly #namespace: string;
  readonly #onError: (error: unknown) => void;
  /** Of the Cluster on the real server. */
  #uid = '';
  #last: Promise<void> = Promise.resolve();

  constructor(api: KubeApi, namespace: string, onError: (error: unknown) => void) {
    this.#api = api;
    this.#namespace = namespace;
    this.#onError = onError;
  }

  onChange(change: Change): void {
    const { plural } = change.resource;
    if (plural !== CLUSTERS.plural && plural !== PODS.plural) return;
    this.#last = this.#last.then(() => this.#makeSurely(change)).catch(this.#onError);
  }

  /** When all is made. */
  async ended(): Promise<void> {
    await this.#last;
  }

  /** As an operator does: where there is no answer, the same again changes nothing. */
  async #makeSurely(change: Change): Promise<void> {
    const make = async () => {
      await this.#make(change);
      return true;
    };
    const isFinal = (error: unknown) => !mayBeStored(error);
    await until('an operator has written what it has to write', make, { timeoutMs: LIMIT_MS, isFinal });
  }

  async #make({ resource, key: { name }, before, after }: Change): Promise<void> {
    const key = { namespace: this.#namespace, name };
    if (after === undefined) await this.#api.delete(resource, key).catch(unlessGone);
    else if (before === undefined && resource.plural === CLUSTERS.plural) await this.#createCluster(after);
    else if (before === undefined) await this.#createPod(after);
    else await this.#change(resource, key, before, after);
  }

  async #change(
    resource: Change['resource'],
    key: { readonly namespace: string; readonly name: string },
    before: Parts,
    { spec, status }: Parts,
  ): Promise<void> {
    if (!sameJson(before.spec, spec)) await this.#api.patch(resource, key, { spec }, { type: 'merge' });
    if (sameJson(before.status, status)) return;
    await this.#api.patch(resource, key, { status }, { type: 'merge', subresource: 'status' });
  }

  async #createCluster({ metadata: { name }, spec }: Parts): Promise<void> {
    const metadata = { namespace: this.#namespace, name };
    const cluster: Cluster = {
      metadata,
      spec: { ...spec, storage: { size: '1Gi' } } as Cluster['spec'] & object,
    };
    await this.#api.create(CLUSTERS, cluster).catch(unlessThere);
    this.#uid = (await this.#api.get(CLUSTERS, metadata)).metadata.uid ?? '';
  }

  async #createPod({ metadata, spec }: Parts): Promise<void> {
    const { name, labels, ownerReferences = [] } = metadata;
    const pod = {
      metadata: {
        namespace: this.#namespace,
        name,
        labels,
        ownerReferences: ownerReferences.map((owner) => ({ ...owner, uid: this.#uid })),
      },
      // No kubelet is there to end it and say so.
      spec: {
        nodeName: nodeNamed((spec as Pod['spec'])?.nodeName ?? ''),
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'postgres', image: 'postgres' }],
      },
    } as Pod;
    await this.#api.create(PODS, pod).catch(unlessThere);
  }
}

/** Others may have nodes on the same control plane. */
export function nodeNamed(name: string): string {
  return `topology-${name}`;
}

function unlessThere(error: unknown): void {
  if (!isAlreadyExists(error)) throw error;
}

function unlessGone(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
