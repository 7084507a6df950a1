/** Creates labelled pods all the while, one after the other, and keeps what came of each. */
import { setTimeout as delay } from 'node:timers/promises';
import { LABELS } from '../../../contract/names.ts';
import { SIDECAR_CONTAINER } from '../../../contract/sidecar.ts';
import type { KubeObject, Resource } from '../../../kubernetes/api.ts';
import { PODS } from '../../../kubernetes/resources.ts';
import { explain } from '../../../runtime/explain.ts';
import type { ClusterApi } from './api.ts';

const PERIOD_MS = 100;
/** Above the webhook's own limit of 5 s, so that the API server's words are heard. */
const CALL_MS = 12_000;

export interface Creation {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly ms: number;
  readonly injected: boolean;
  /** What the API server said instead of creating it. */
  readonly error?: string;
}

interface PodManifest extends KubeObject {
  readonly spec: {
    readonly initContainers?: readonly { readonly name: string }[];
    readonly containers: object[];
  };
}

const PODS_IN_FULL = PODS as Resource as Resource<PodManifest>;

export class PodCreator {
  readonly creations: Creation[] = [];
  readonly #api: ClusterApi;
  readonly #namespace: string;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #number = 0;

  constructor(api: ClusterApi, namespace: string) {
    this.#api = api;
    this.#namespace = namespace;
  }

  start(): this {
    this.#running = this.#run();
    return this;
  }

  async stop(): Promise<readonly Creation[]> {
    this.#stop.abort();
    await this.#running;
    return this.creations;
  }

  /** One pod, which is taken away again at once. */
  async create(): Promise<Creation> {
    const at = Date.now();
    this.#number += 1;
    const name = `created-${at}-${this.#number}`;
    try {
      const pod = await this.#api.objects.create(PODS_IN_FULL, manifest(this.#namespace, name), {
        timeoutMs: CALL_MS,
      });
      const ms = Date.now() - at;
      await this.#api.objects.delete(PODS, { namespace: this.#namespace, name });
      const containers = pod.spec.initContainers ?? [];
      return { at, ms, injected: containers.some((container) => container.name === SIDECAR_CONTAINER) };
    } catch (error) {
      return { at, ms: Date.now() - at, injected: false, error: explain(error) };
    }
  }

  async #run(): Promise<void> {
    const { signal: abort } = this.#stop;
    while (!abort.aborted) {
      this.creations.push(await this.create());
      await delay(PERIOD_MS, undefined, { signal: abort }).catch(() => undefined); // Told to stop.
    }
  }
}

/** Never scheduled: what is asked is admission alone. */
function manifest(namespace: string, name: string): PodManifest {
  const spec = {
    schedulingGates: [{ name: 'site-follower.example.com/never' }],
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'app',
        image: 'example.com/app:1',
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      },
    ],
  };
  return { metadata: { namespace, name, labels: { [LABELS.inject]: 'true' } }, spec };
}
