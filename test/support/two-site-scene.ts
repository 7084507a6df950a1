/** What tests of routing begin with: a cluster of their own with a database on both sites and, if wanted, pods that run. */
import assert from 'node:assert/strict';
import { after } from 'node:test';
import type { CnpgCluster } from './cnpg.ts';
import { CnpgOperator } from './cnpg-operator.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import {
  buildController,
  type ControllerProcess,
  type Environment,
  startController,
} from './controller-process.ts';
import { startPodBinder } from './pod-runner/binder.ts';
import { type PodRunner, startPodRunner } from './pod-runner/runner.ts';
import { ServiceWatch } from './pod-runner/service-watch.ts';
import { createNamespace, installCnpgCrds } from './seed.ts';
import {
  createClusterOnBothSites,
  followSettings,
  nextPrimary,
  SITES,
  type SiteSetting,
} from './two-sites.ts';
import { createWebhookScene, type WebhookScene } from './webhook-process.ts';

export const LIMIT_MS = 60_000;
const DATABASE = { namespace: 'postgres', name: 'pg-cluster' };

/**
 * To be called at the top of a test file. The control plane is its own, as each controller of a cluster has to do with
 * all its Services and gated pods, and as a test may restart the API server.
 */
export async function createTwoSiteScene({ hasWebhook = true } = {}): Promise<TwoSiteScene> {
  const ends = new AsyncDisposableStack();
  after(() => ends.disposeAsync());
  const plane = await startControlPlane({ controllers: true });
  ends.defer(() => plane.stop());
  await installCnpgCrds(plane.api);
  await buildController();
  const lifetime = { after: (end: () => Promise<unknown>) => ends.defer(async () => void (await end())) };
  const webhook = hasWebhook ? await createWebhookScene(lifetime, plane) : undefined;
  await webhook?.start(1);
  const cluster = await createClusterOnBothSites(plane, DATABASE);
  const owner = webhook?.namespace ?? DATABASE.namespace;
  const namespace = webhook?.pods ?? (await createNamespace(plane, 'apps'));
  const settings = followSettings(plane.kubeconfig, owner, cluster);
  const controller = await startController({ ...settings, POD_NAME: 'first' });
  const scene = new TwoSiteScene({ ends, plane, webhook, owner, namespace, cluster, settings, controller });
  ends.defer(() => scene.controller.stop());
  await webhook?.ready(1);
  return scene;
}

interface TwoSiteParts {
  readonly ends: AsyncDisposableStack;
  readonly plane: ControlPlane;
  readonly webhook: WebhookScene | undefined;
  /** The namespace of the controller. */
  readonly owner: string;
  /** Of the applications. */
  readonly namespace: string;
  readonly cluster: CnpgCluster;
  readonly settings: Environment;
  readonly controller: ControllerProcess;
}

class TwoSiteScene {
  readonly ends: AsyncDisposableStack;
  readonly plane: ControlPlane;
  readonly webhook: WebhookScene | undefined;
  readonly owner: string;
  readonly namespace: string;
  readonly cluster: CnpgCluster;
  readonly #settings: Environment;
  /** The one that was started last. */
  controller: ControllerProcess;

  /** Use createTwoSiteScene. */
  constructor({ ends, plane, webhook, owner, namespace, cluster, settings, controller }: TwoSiteParts) {
    this.ends = ends;
    this.plane = plane;
    this.webhook = webhook;
    this.owner = owner;
    this.namespace = namespace;
    this.cluster = cluster;
    this.#settings = settings;
    this.controller = controller;
  }

  /** The key of the application and its Service. */
  get key(): { readonly namespace: string; readonly name: string } {
    return { namespace: this.namespace, name: 'web' };
  }

  /** In the place of one that was stopped. */
  async startController(name: string): Promise<void> {
    this.controller = await startController({ ...this.#settings, POD_NAME: name });
  }

  async activeSite(): Promise<SiteSetting> {
    const { site: standby } = await nextPrimary(this.cluster);
    const active = SITES.find(({ name }) => name !== standby.name);
    assert.ok(active);
    return active;
  }

  /** The operator moves the primary to the other site, which is given. */
  async move(): Promise<SiteSetting> {
    const { to, site } = await nextPrimary(this.cluster);
    await new CnpgOperator(this.cluster).switchover(to);
    return site;
  }

  /** From now on the pods of the application run, on the nodes of the sites in turn. */
  async runPods(bundle?: string): Promise<RunningPods> {
    const { plane, namespace, ends } = this;
    const start = () => startPodRunner(plane, { namespace, ...(bundle !== undefined && { bundle }) });
    const pods = new RunningPods(await start(), start, new ServiceWatch(plane.api, this.key));
    ends.defer(() => pods.runner.stop());
    const binder = startPodBinder(plane, { namespace, nodes: SITES.map(({ nodeName }) => nodeName) });
    ends.defer(() => binder.stop());
    ends.defer(() => pods.service.stop());
    return pods;
  }
}

class RunningPods {
  readonly service: ServiceWatch;
  readonly #start: () => Promise<PodRunner>;
  #runner: PodRunner;

  constructor(runner: PodRunner, start: () => Promise<PodRunner>, service: ServiceWatch) {
    this.#runner = runner;
    this.#start = start;
    this.service = service;
  }

  get runner(): PodRunner {
    return this.#runner;
  }

  /** As a kubelet that is restarted on each node. */
  async restart(): Promise<void> {
    await this.#runner.stop();
    this.#runner = await this.#start();
  }

  /** Resolves when the Service routes to so many pods of each of these sites, and nowhere else. */
  routesTo(count: number, ...sites: readonly SiteSetting[]): Promise<number> {
    const nodes = sites.flatMap(({ nodeName }) => Array.from({ length: count }, () => nodeName));
    const wanted = nodes.toSorted().join();
    return this.service.until(
      ({ ready }) =>
        ready
          .map(({ node }) => node)
          .toSorted()
          .join() === wanted,
      LIMIT_MS,
    );
  }
}
