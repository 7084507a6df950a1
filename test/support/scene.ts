/** What most tests of the controller begin with: two sites, a Cluster, and places for the controller's own objects. */
import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import { REPORT_CONFIGMAP, STATUS_CONFIGMAP } from '../../contract/names.ts';
import type { HoldReason } from '../../contract/reasons.ts';
import type { EventReason } from '../../controller/event-reasons.ts';
import type { KubeApi } from '../../kubernetes/api.ts';
import { EVENTS, type KubeEvent } from '../../kubernetes/resources.ts';
import { type CnpgCluster, createCnpgCluster } from './cnpg.ts';
import { CnpgOperator, INSTANT, type Move } from './cnpg-operator.ts';
import { ConfigMapHistory } from './config-map-history.ts';
import type { ControlPlaneAccess, KubeconfigTarget, User } from './control-plane-access.ts';
import { type ControllerProcess, type Environment, startController } from './controller-process.ts';
import { createNamespace, createNodes } from './seed.ts';
import { until } from './until.ts';

export const EAST = 'us-east';
export const WEST = 'us-west';
export const ADDRESSES = { [EAST]: '192.0.2.10', [WEST]: '198.51.100.10' } as const;

export interface Site {
  readonly name: string;
  readonly nodeName?: string;
  readonly nodeSelector?: string;
  readonly ip: string;
}

export interface Access {
  /** Default: one that may do everything. */
  readonly user?: User;
  /** The address of a proxy, instead of the API server's own. */
  readonly server?: string;
}

/** Everything in it ends with the test. */
export async function createScene(t: TestContext, plane: ControlPlaneAccess): Promise<Scene> {
  const suffix = randomBytes(3).toString('hex');
  const nodes = { east: `east-${suffix}`, west: `west-${suffix}`, nowhere: `nowhere-${suffix}` };
  const { api } = plane;
  const [namespace, postgres] = await Promise.all([
    createNamespace(plane, 'follower'),
    createNamespace(plane, 'postgres'),
    createNodes(
      api,
      Object.values(nodes).map((name) => ({ name })),
    ),
  ]);
  const cluster = await createCnpgCluster({
    api,
    namespace: postgres,
    name: 'pg',
    nodes: [nodes.east, nodes.west],
  });
  const [status, report] = await Promise.all([
    ConfigMapHistory.start(api, { namespace, name: STATUS_CONFIGMAP }),
    ConfigMapHistory.start(api, { namespace, name: REPORT_CONFIGMAP }),
  ]);
  t.after(() => {
    status.stop();
    report.stop();
  });
  return new Scene(t, { plane, namespace, nodes, cluster, status, report });
}

interface SceneParts {
  readonly plane: ControlPlaneAccess;
  /** Of the controller; the Cluster is in another. */
  readonly namespace: string;
  /** `nowhere` belongs to no site and has no instance. */
  readonly nodes: { readonly east: string; readonly west: string; readonly nowhere: string };
  /** Its first instance is in the east, its second one in the west. */
  readonly cluster: CnpgCluster;
  readonly status: ConfigMapHistory;
  readonly report: ConfigMapHistory;
}

export class Scene implements SceneParts {
  readonly plane: ControlPlaneAccess;
  readonly namespace: string;
  readonly nodes: SceneParts['nodes'];
  readonly cluster: CnpgCluster;
  readonly status: ConfigMapHistory;
  readonly report: ConfigMapHistory;
  readonly operator: CnpgOperator;
  readonly #test: TestContext;

  /** Use createScene. */
  constructor(t: TestContext, { plane, namespace, nodes, cluster, status, report }: SceneParts) {
    this.#test = t;
    this.plane = plane;
    this.namespace = namespace;
    this.nodes = nodes;
    this.cluster = cluster;
    this.status = status;
    this.report = report;
    this.operator = new CnpgOperator(cluster, INSTANT);
  }

  get api(): KubeApi {
    return this.plane.api;
  }

  get sites(): readonly Site[] {
    return [
      { name: EAST, nodeName: this.nodes.east, ip: ADDRESSES[EAST] },
      { name: WEST, nodeName: this.nodes.west, ip: ADDRESSES[WEST] },
    ];
  }

  /** What a controller for this scene is configured with. */
  async environment({ user, server }: Access = {}): Promise<Environment> {
    const target: KubeconfigTarget = server === undefined ? {} : { server };
    return {
      KUBECONFIG: await this.plane.kubeconfigFor(user ?? 'admin', target),
      POD_NAMESPACE: this.namespace,
      SITES: JSON.stringify(this.sites),
      CNPG_NAMESPACE: this.cluster.namespace,
      CNPG_CLUSTER_NAME: this.cluster.name,
    };
  }

  /** A controller, killed at the end of the test at the latest. */
  async start(extra: Environment = {}, access: Access = {}): Promise<ControllerProcess> {
    const controller = await startController({ ...(await this.environment(access)), ...extra });
    this.#test.after(() => controller.child.stop(10_000));
    return controller;
  }

  /** A controller that has published the first status. */
  async startAndSettle(extra: Environment = {}, access: Access = {}): Promise<ControllerProcess> {
    const controller = await this.start(extra, access);
    await this.settled(EAST, 1);
    return controller;
  }

  /** Resolves when the status says so. */
  settled(site: string, epoch: number, timeoutMs?: number) {
    return this.status.untilStatus(
      `${site} is settled in epoch ${epoch}`,
      (status) => status.activeSite === site && status.epoch === epoch && status.phase === 'Settled',
      timeoutMs,
    );
  }

  /** Resolves when the status says that nothing is known, for the reason with this code. */
  held(reason: HoldReason, timeoutMs?: number) {
    return this.status.untilStatus(
      `the status is held because of ${reason}`,
      (status) => status.reason.startsWith(`${reason}: `),
      timeoutMs,
    );
  }

  moveTo(site: typeof EAST | typeof WEST): Promise<Move> {
    return this.operator.switchover(this.cluster.instance(site === EAST ? 0 : 1));
  }

  /** The fake for the operator completes the moves that others begin, until the test ends. */
  obey(): void {
    const stop = new AbortController();
    const obeying = this.operator.obey(stop.signal, (problem) => this.#test.diagnostic(problem));
    this.#test.after(() => {
      stop.abort();
      return obeying;
    });
  }

  /** The first Event with this reason, now or soon, on the status ConfigMap. */
  event(
    reason: EventReason,
    matches: (event: KubeEvent) => boolean = () => true,
    timeoutMs = 20_000,
  ): Promise<KubeEvent> {
    return until(
      `there is an Event ${reason}`,
      async (abort) => (await this.events(abort)).find((event) => event.reason === reason && matches(event)),
      { timeoutMs },
    );
  }

  /** All Events on the status ConfigMap. */
  async events(abort?: AbortSignal): Promise<readonly KubeEvent[]> {
    const { items } = await this.api.list(EVENTS, {
      namespace: this.namespace,
      ...(abort === undefined ? {} : { abort }),
    });
    const { key } = this.status;
    return items.filter(
      ({ regarding }) =>
        regarding.kind === 'ConfigMap' && regarding.name === key.name && regarding.uid !== undefined,
    );
  }
}
