/** What the chart has put into the cluster. */

import { parseAllDocuments } from 'yaml';
import { PROGRAM } from '../../../contract/names.ts';
import type { KubeObject } from '../../../kubernetes/api.ts';
import { LEASES, PODS, type Pod } from '../../../kubernetes/resources.ts';
import { until } from '../../support/until.ts';
import type { ClusterApi } from './api.ts';
import { type Grant, grantsOf, type RoleRule } from './audit.ts';
import type { RealCluster } from './cluster.ts';
import { type Helm, RELEASE_NAMESPACE } from './helm.ts';

export type Component = 'controller' | 'webhook';
export const COMPONENTS: readonly Component[] = ['controller', 'webhook'];

const REPLICAS = 2;

interface RbacObject extends KubeObject {
  readonly rules?: readonly RoleRule[] | null;
  readonly roleRef?: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly {
    readonly kind: string;
    readonly name: string;
    readonly namespace?: string;
  }[];
}

export class Release {
  readonly #api: ClusterApi;
  readonly #cluster: RealCluster;
  readonly #helm: Helm;
  /** Of every version of the chart that was installed in this run, by their text. */
  readonly #grants = new Map<string, Grant>();

  constructor(api: ClusterApi, cluster: RealCluster, helm: Helm) {
    this.#api = api;
    this.#cluster = cluster;
    this.#helm = helm;
  }

  /** Pods that are not about to go. */
  pods(component: Component): Promise<readonly Pod[]> {
    return this.#select(selectorOf(component));
  }

  /** Those of the operator that came with it. */
  operatorPods(): Promise<readonly Pod[]> {
    return this.#select('app.kubernetes.io/name=cloudnative-pg');
  }

  /** None is left, not even one that is stopping: such a one still answers. */
  async gone(component: Component, timeoutMs: number): Promise<void> {
    const labelSelector = selectorOf(component);
    const look = async () => {
      const { items } = await this.#api.objects.list(PODS, { namespace: RELEASE_NAMESPACE, labelSelector });
      return items.length === 0 || undefined;
    };
    await until(`no ${component} runs`, look, { timeoutMs });
  }

  async #select(labelSelector: string): Promise<readonly Pod[]> {
    const { items } = await this.#api.objects.list(PODS, { namespace: RELEASE_NAMESPACE, labelSelector });
    return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  /** All replicas are ready, and no others are there. */
  async ready(component: Component, timeoutMs: number): Promise<void> {
    const look = async () => {
      const pods = await this.pods(component);
      return (pods.length === REPLICAS && pods.every(isReady)) || undefined;
    };
    await until(`${REPLICAS} replicas of ${component} are ready`, look, { timeoutMs });
  }

  /** The replica that holds the Lease. */
  leader(): Promise<{ readonly name: string; readonly node: string; readonly site: string }> {
    const look = async () => {
      const lease = await this.#api.objects.get(LEASES, { namespace: RELEASE_NAMESPACE, name: PROGRAM });
      // The pod's name, and what tells its starts apart.
      const name = lease.spec?.holderIdentity?.split('_')[0] ?? '';
      const pod = (await this.pods('controller')).find(({ metadata }) => metadata.name === name);
      const node = pod?.spec?.nodeName;
      return node === undefined ? undefined : { name, node, site: await this.#cluster.siteOfNode(node) };
    };
    return until('a replica of the controller leads', look, { timeoutMs: 30_000 });
  }

  /**
   * Remembers what the release grants as it is installed now, its hooks included. Read from the release and not from the
   * cluster, where those of hooks are gone again, and those of the bundled operator are beside ours.
   */
  async noteGrants(): Promise<void> {
    for (const grant of grantsIn(await this.#helm.everything()))
      this.#grants.set(JSON.stringify(grant), grant);
  }

  get grants(): readonly Grant[] {
    return [...this.#grants.values()];
  }
}

/** What the roles and bindings of our own chart in these manifests grant. */
function grantsIn(manifests: string): readonly Grant[] {
  const objects = parseAllDocuments(manifests)
    .map((document) => document.toJS() as RbacObject | null)
    .filter((object) => object?.metadata.labels?.['app.kubernetes.io/name'] === PROGRAM)
    .filter((object) => object !== null);
  return objects.flatMap(({ roleRef, subjects = [], metadata: { namespace } }) => {
    if (roleRef === undefined) return [];
    const { kind, name } = roleRef;
    const where = kind === 'ClusterRole' ? undefined : namespace;
    const role = objects.find(
      (object) =>
        object.kind === kind && object.metadata.name === name && object.metadata.namespace === where,
    );
    if (role === undefined) throw new Error(`a binding names the ${kind} ${name}, which is not in the chart`);
    const who = subjects.map((subject) =>
      subject.kind === 'Group' ? `group ${subject.name}` : `${subject.namespace}/${subject.name}`,
    );
    return grantsOf(`${kind} ${name}`, role.rules ?? [], who, namespace);
  });
}

export function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}

function selectorOf(component: Component): string {
  return `app.kubernetes.io/name=${PROGRAM},app.kubernetes.io/component=${component}`;
}
