import { CLUSTERS, type Cluster, HEALTHY } from '../../../cnpg/cluster.ts';
import { isNotFound } from '../../../kubernetes/errors.ts';
import { NODES, PODS } from '../../../kubernetes/resources.ts';
import { until } from '../../support/until.ts';
import type { ClusterApi } from './api.ts';
import { run } from './command.ts';
import type { Settings } from './settings.ts';

/** The label that tells the sites of a cluster apart. */
const ZONE_LABEL = 'topology.kubernetes.io/zone';
const SITE_COMMAND_MS = 60_000;
export const PRIMARY = { namespace: 'postgres', name: 'pg-cluster' } as const;

export type SiteAction = 'cut' | 'heal' | 'stop-node' | 'start-node' | 'restart-kubelet';

/** A real cluster with a real CloudNativePG, and what the tests do to it. */
export class RealCluster {
  readonly #settings: Settings;
  readonly #api: ClusterApi;

  constructor(settings: Settings, api: ClusterApi) {
    this.#settings = settings;
    this.#api = api;
  }

  /** Node names by site, as the nodes' zone label says. */
  async sites(): Promise<Map<string, string[]>> {
    const sites = new Map<string, string[]>();
    for (const { metadata } of (await this.#api.objects.list(NODES)).items) {
      const zone = metadata.labels?.[ZONE_LABEL];
      if (zone !== undefined) sites.set(zone, [...(sites.get(zone) ?? []), metadata.name]);
    }
    return sites;
  }

  /** Whether CloudNativePG is there at all. */
  async hasOperator(): Promise<boolean> {
    try {
      await this.#api.objects.list(CLUSTERS, { limit: 1 });
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  primary(): Promise<Cluster> {
    return this.#api.objects.get(CLUSTERS, PRIMARY);
  }

  /** Where the pod of an instance runs: its node, and the site that this node's own zone label tells. */
  async placeOf(pod: string): Promise<{ readonly node: string; readonly site: string }> {
    const { spec } = await this.#api.objects.get(PODS, { namespace: PRIMARY.namespace, name: pod });
    const node = spec?.nodeName ?? '';
    return { node, site: await this.siteOfNode(node) };
  }

  async siteOfNode(name: string): Promise<string> {
    const { metadata } = await this.#api.objects.get(NODES, { name });
    return metadata.labels?.[ZONE_LABEL] ?? '';
  }

  async placeOfPrimary(): Promise<{ readonly node: string; readonly site: string }> {
    return this.placeOf((await this.primary()).status?.currentPrimary ?? '');
  }

  async switchover(): Promise<void> {
    const { status } = await this.primary();
    await this.#promote(status?.instancesStatus?.healthy?.find((name) => name !== status.currentPrimary));
  }

  /** Asks again for as long as the operator takes it back, as it does while the kubelet beside the new primary is away. */
  async switchoverInTheEnd(timeoutMs: number): Promise<void> {
    const { status } = await this.primary();
    const from = status?.currentPrimary;
    const target = status?.instancesStatus?.healthy?.find((name) => name !== from);
    await until(
      `${target} is the primary`,
      async () => {
        const { currentPrimary, targetPrimary } = (await this.primary()).status ?? {};
        if (currentPrimary === from && targetPrimary === from) await this.#promote(target);
        if (currentPrimary === target) return true;
        throw new Error(await this.#situation());
      },
      { timeoutMs },
    );
  }

  /** For whoever reads why an operator did not do what it was asked for. */
  async #situation(): Promise<string> {
    const { phase, phaseReason, currentPrimary, targetPrimary } = (await this.primary()).status ?? {};
    const pods = await this.kubectl(['-n', PRIMARY.namespace, 'get', 'pods', '--no-headers']);
    return `${phase} (${phaseReason}), ${currentPrimary} to become ${targetPrimary}; ${pods.trim()}`;
  }

  async #promote(target: string | undefined): Promise<void> {
    const body = { status: { targetPrimary: target, phase: 'Switchover in progress' } };
    await this.#api.objects.patch(CLUSTERS, PRIMARY, body, { type: 'merge', subresource: 'status' });
  }

  /** As `kubectl delete pod --force --grace-period=0`: the pod does not end, it is gone. */
  async killPrimary(): Promise<void> {
    const { status } = await this.primary();
    await this.killPod(PRIMARY.namespace, status?.currentPrimary ?? '');
  }

  async killPod(namespace: string, name: string): Promise<void> {
    await this.kubectl([
      '-n',
      namespace,
      'delete',
      'pod',
      name,
      '--force',
      '--grace-period=0',
      '--wait=false',
    ]);
  }

  /** The answer of the database itself, asked as its superuser on its primary. */
  async sql(statement: string): Promise<string> {
    const { status } = await this.primary();
    return this.#sqlIn(status?.currentPrimary ?? '', statement);
  }

  /** Of the primary, and then a restart point of each replica, which makes it tell of a new timeline. */
  async checkpoint(): Promise<void> {
    const { status } = await this.primary();
    const primary = status?.currentPrimary ?? '';
    const replicas = status?.instancesStatus?.healthy?.filter((name) => name !== primary) ?? [];
    for (const instance of [primary, ...replicas]) await this.#sqlIn(instance, 'checkpoint');
  }

  async #sqlIn(instance: string, statement: string): Promise<string> {
    const psql = ['-c', 'postgres', '--', 'psql', '-qAtX', '-d', 'app', '-c', statement];
    return (await this.kubectl(['-n', PRIMARY.namespace, 'exec', instance, ...psql])).trim();
  }

  /** Resolves when a write was taken. */
  async takesWrites(timeoutMs: number): Promise<void> {
    const statement = 'create table if not exists e2e (at timestamptz); insert into e2e values (now())';
    await until('the database takes writes', async () => (await this.sql(statement)) ?? '', { timeoutMs });
  }

  kubectl(args: readonly string[], input?: string): Promise<string> {
    const { kubectl, kubeconfig } = this.#settings;
    return run(kubectl, args, {
      timeoutMs: 120_000,
      env: { KUBECONFIG: kubeconfig },
      ...(input !== undefined && { input }),
    });
  }

  get canLoseSites(): boolean {
    return this.#settings.sites !== undefined;
  }

  get canRestartApiServer(): boolean {
    return this.#settings.restartApiServer !== undefined;
  }

  async restartApiServer(): Promise<void> {
    if (this.#settings.restartApiServer === undefined)
      throw new Error('E2E_RESTART_APISERVER names no command');
    await run(this.#settings.restartApiServer, [], { timeoutMs: 2 * SITE_COMMAND_MS });
  }

  async site(action: SiteAction, node: string): Promise<void> {
    if (this.#settings.sites === undefined) throw new Error('E2E_SITES names no command');
    await run(this.#settings.sites, [action, node], { timeoutMs: SITE_COMMAND_MS });
  }
}

/** Settled and complete: every instance is ready, and nothing is under way. */
export function isHealthy({ spec, status }: Cluster): boolean {
  const settled = status?.phase === HEALTHY && status.currentPrimary === status.targetPrimary;
  return settled && status.readyInstances === spec?.instances;
}
