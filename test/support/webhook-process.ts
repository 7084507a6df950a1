/** The real webhook, as it is shipped, in processes of their own behind one address. */
import { randomBytes } from 'node:crypto';
import { LABELS } from '../../contract/names.ts';
import {
  MUTATING_WEBHOOK_CONFIGURATIONS,
  type MutatingWebhookConfiguration,
} from '../../kubernetes/resources.ts';
import { NODE_ENVIRONMENT, WEBHOOK_NODE_FLAGS } from '../../scripts/node-flags.ts';
import { REVIEW_PATH, webhookConfiguration } from '../../webhook/webhook-configuration.ts';
import { type Backend, type Balancer, startBalancer } from './balancer.ts';
import type { ControlPlaneAccess, User } from './control-plane-access.ts';
import { buildController, type Environment } from './controller-process.ts';
import type { Ends } from './loopback.ts';
import { type ChildProcess, startProcess } from './process.ts';
import { createNamespace } from './seed.ts';
import { until } from './until.ts';
import { letInto, scopedTo } from './webhook-scope.ts';

export const WEBHOOK_BUNDLE = new URL('../../dist/webhook.mjs', import.meta.url).pathname;
const START_LIMIT_MS = 30_000;

export interface WebhookProcess extends Backend {
  readonly child: ChildProcess;
  readonly url: string;
}

export interface WebhookSceneOptions {
  /** Of the webhook; by default one of its own. */
  readonly namespace?: string;
  readonly env?: Environment;
  readonly user?: User;
}

/** A namespace for the webhook itself, one for pods, a configuration that is for this scene only, and an address. */
export async function createWebhookScene(
  t: Ends,
  plane: ControlPlaneAccess,
  options: WebhookSceneOptions = {},
): Promise<WebhookScene> {
  const id = randomBytes(3).toString('hex');
  const [namespace, pods, balancer] = await Promise.all([
    options.namespace ?? createNamespace(plane, 'webhook'),
    createNamespace(plane, 'apps'),
    startBalancer(),
  ]);
  t.after(() => balancer.stop());
  const scene = new WebhookScene(t, plane, { id, namespace, pods, balancer, options });
  await scene.admit(pods);
  await plane.api.create(MUTATING_WEBHOOK_CONFIGURATIONS, scene.configuration);
  t.after(() => plane.api.delete(MUTATING_WEBHOOK_CONFIGURATIONS, scene.configuration.metadata));
  return scene;
}

interface SceneParts {
  readonly id: string;
  readonly namespace: string;
  readonly pods: string;
  readonly balancer: Balancer;
  readonly options: WebhookSceneOptions;
}

export class WebhookScene {
  readonly plane: ControlPlaneAccess;
  /** Of the webhook. */
  readonly namespace: string;
  /** One whose labelled pods the webhook is asked about. */
  readonly pods: string;
  readonly balancer: Balancer;
  readonly #test: Ends;
  readonly #id: string;
  readonly #options: WebhookSceneOptions;
  #replicas: readonly WebhookProcess[] = [];

  /** Use createWebhookScene. */
  constructor(test: Ends, plane: ControlPlaneAccess, parts: SceneParts) {
    this.#test = test;
    this.plane = plane;
    this.#id = parts.id;
    this.namespace = parts.namespace;
    this.pods = parts.pods;
    this.balancer = parts.balancer;
    this.#options = parts.options;
  }

  get configuration(): MutatingWebhookConfiguration {
    const configuration = webhookConfiguration({
      namespace: this.namespace,
      name: `webhook-${this.#id}`,
      client: { url: `https://127.0.0.1:${this.balancer.port}${REVIEW_PATH}` },
    });
    return scopedTo(this.#id, configuration);
  }

  /** The configuration as it is now. */
  stored(): Promise<MutatingWebhookConfiguration> {
    return this.plane.api.get(MUTATING_WEBHOOK_CONFIGURATIONS, this.configuration.metadata);
  }

  /** Lets the webhook be asked about what is in a namespace. */
  admit(namespace: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
    return letInto(this.#id, this.plane, namespace, labels);
  }

  /** A namespace that asks for the sidecar as a whole. */
  async createAskingNamespace(labels: Readonly<Record<string, string>> = {}): Promise<string> {
    const name = await createNamespace(this.plane, 'asking');
    await this.admit(name, { [LABELS.inject]: 'true', ...labels });
    return name;
  }

  get replicas(): readonly WebhookProcess[] {
    return this.#replicas;
  }

  /** Replicas that listen; not yet ready. Killed at the end of the test at the latest. */
  async start(count: number): Promise<readonly WebhookProcess[]> {
    await buildController();
    const started = await Promise.all(Array.from({ length: count }, () => this.#startOne()));
    this.#replicas = [...this.#replicas, ...started];
    this.balancer.backends = this.#replicas;
    return started;
  }

  /** Resolves when this many are ready. */
  async ready(count: number, timeoutMs = START_LIMIT_MS): Promise<void> {
    await until(`${count} replicas are ready`, () => this.balancer.ready >= count || undefined, {
      timeoutMs,
    });
  }

  async #startOne(): Promise<WebhookProcess> {
    const { user = 'admin', env = {} } = this.#options;
    const child = await startProcess('webhook', [process.execPath, ...WEBHOOK_NODE_FLAGS, WEBHOOK_BUNDLE], {
      env: {
        ...NODE_ENVIRONMENT,
        KUBECONFIG: await this.plane.kubeconfigFor(user),
        POD_NAMESPACE: this.namespace,
        WEBHOOK_PORT: '0',
        HTTP_PORT: '0',
        WEBHOOK_NAMES: '127.0.0.1',
        WEBHOOK_CONFIGURATION: this.configuration.metadata.name,
        LINGER_SECONDS: '1',
        ...env,
      },
    });
    this.#test.after(() => child.stop(10_000));
    const { port, httpPort } = await child.waitForLog(({ msg }) => msg === 'serving', START_LIMIT_MS);
    const url = `http://127.0.0.1:${Number(httpPort)}`;
    return { child, url, port: Number(port), readyUrl: `${url}/readyz` };
  }
}
