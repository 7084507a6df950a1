import { setTimeout as delay } from 'node:timers/promises';
import { SIDECAR_ENV } from '../../../contract/sidecar.ts';
import { isNotFound } from '../../../kubernetes/errors.ts';
import { PODS } from '../../../kubernetes/resources.ts';
import type { ControlPlaneAccess } from '../control-plane-access.ts';
import { type ChildProcess, startProcess } from '../process.ts';
import { send } from '../raw-api.ts';
import { until } from '../until.ts';
import type { PodAddress } from './addresses.ts';
import {
  type ContainerManifest,
  fieldOf,
  nativeSidecars,
  type PodManifest,
  passesGates,
} from './manifest.ts';
import { podStatusOf } from './pod-status.ts';
import { SidecarRun } from './sidecar-run.ts';
import { PodVolumes } from './volumes.ts';

export interface RunningPodOptions {
  readonly plane: ControlPlaneAccess;
  readonly pod: PodManifest;
  readonly address: PodAddress;
  /** In place of the image: paths in it to paths on this machine. */
  readonly image: Readonly<Record<string, string>>;
  readonly onProblem: (what: string, error: unknown) => void;
}

const VOLUMES_LIMIT_MS = 30_000;
/** A kubelet looks at the volumes of each pod about so often. */
const REFRESH_MS = 60_000;
const RETRY_MS = 1_000;

/** One pod on "its node": its native sidecars as processes, its status as a kubelet writes it. */
export class RunningPod {
  readonly address: PodAddress;
  /** Resolves when nothing of it runs any more. */
  readonly ended: Promise<void>;
  readonly #options: RunningPodOptions;
  readonly #stop = new AbortController();
  readonly #startTime = new Date().toISOString();
  readonly #since = new Map<string, { readonly value: boolean; readonly at: string }>();
  #pod: PodManifest;
  #sidecars: readonly SidecarRun[] = [];
  #appRuns = false;
  #isWriting = false;
  #isOutdated = false;

  constructor(options: RunningPodOptions) {
    this.#options = options;
    this.#pod = options.pod;
    this.address = options.address;
    this.ended = this.#run();
  }

  get pod(): PodManifest {
    return this.#pod;
  }

  /** Somebody has written it; that may be a condition that its readiness hangs on. */
  see(pod: PodManifest): void {
    const [before, now] = [passesGates(this.#pod), passesGates(pod)];
    this.#pod = pod;
    if (before !== now) this.#changed();
  }

  get sidecars(): readonly SidecarRun[] {
    return this.#sidecars;
  }

  /** Ends its processes. Nothing is told to the API server. */
  stop(): Promise<void> {
    this.#stop.abort();
    return this.ended;
  }

  /** What a kubelet does with a pod that is being deleted: ends it, and then lets the API server forget it. */
  async terminate(): Promise<void> {
    await this.stop();
    const { plane, pod } = this.#options;
    const { namespace, name, uid } = pod.metadata;
    const body = { gracePeriodSeconds: 0, preconditions: { uid } };
    const { status, body: answer } = await send(
      plane,
      'DELETE',
      `/api/v1/namespaces/${namespace}/pods/${name}`,
      body,
    );
    if (status >= 300 && status !== 404)
      throw new Error(`Pod ${name} could not be deleted: ${answer.message}`);
  }

  async #run(): Promise<void> {
    const { plane, pod, onProblem } = this.#options;
    const { signal: abort } = this.#stop;
    const mount = async () => (abort.aborted ? 'aborted' : PodVolumes.mount(plane, pod));
    try {
      const volumes = await until('its volumes are there', mount, { timeoutMs: VOLUMES_LIMIT_MS });
      if (volumes === 'aborted') return;
      this.#sidecars = nativeSidecars(pod).map((container) => this.#sidecar(container, volumes));
      await Promise.all([this.#runContainers(abort), this.#refresh(volumes, abort)]);
      await volumes.remove();
    } catch (error) {
      onProblem(`pod ${pod.metadata.name} cannot run`, error);
    }
  }

  /** Each starts when the one before has started; the application when all have. */
  async #runContainers(abort: AbortSignal): Promise<void> {
    const running: Promise<void>[] = [];
    for (const sidecar of this.#sidecars) {
      running.push(sidecar.run(abort));
      await Promise.race([sidecar.started, ...running]);
    }
    this.#appRuns = !abort.aborted;
    this.#changed();
    await Promise.all(running);
  }

  #sidecar(container: ContainerManifest, volumes: PodVolumes): SidecarRun {
    return new SidecarRun({
      container,
      address: this.address.local,
      start: () => this.#start(container, volumes),
      onChange: () => this.#changed(),
    });
  }

  #start(container: ContainerManifest, volumes: PodVolumes): Promise<ChildProcess> {
    const { plane, image } = this.#options;
    const { hostname, port } = new URL(plane.url);
    const [program = '', ...args] = (container.command ?? []).map((part) => image[part] ?? part);
    const env = (container.env ?? []).map(({ name, value = '', valueFrom }) => {
      const path = valueFrom?.fieldRef?.fieldPath;
      return [
        name,
        path === undefined ? volumes.locate(container, value) : fieldOf(this.pod, this.address.ip, path),
      ] as const;
    });
    return startProcess(`${this.pod.metadata.name}/${container.name}`, [program, ...args], {
      env: {
        ...Object.fromEntries(env),
        KUBERNETES_SERVICE_HOST: hostname,
        KUBERNETES_SERVICE_PORT: port,
        // In place of a network of the pod's own.
        [SIDECAR_ENV.address]: this.address.local,
      },
    });
  }

  async #refresh(volumes: PodVolumes, abort: AbortSignal): Promise<void> {
    while (!abort.aborted) {
      await delay(REFRESH_MS, undefined, { signal: abort }).catch(() => undefined); // Stopped: the loop ends.
      if (abort.aborted) return;
      await volumes
        .refresh()
        .catch((error) => this.#options.onProblem(`volumes of ${this.pod.metadata.name}`, error));
    }
  }

  /** One write at a time, and always one more after the last change. */
  #changed(): void {
    this.#isOutdated = true;
    if (!this.#isWriting) void this.#write();
  }

  async #write(): Promise<void> {
    const { signal: abort } = this.#stop;
    const { plane, onProblem } = this.#options;
    const { namespace = '', name } = this.pod.metadata;
    this.#isWriting = true;
    while (this.#isOutdated && !abort.aborted) {
      this.#isOutdated = false;
      try {
        const body = { status: this.#status() };
        // As a kubelet does, so that conditions of others stay.
        await plane.api.patch(PODS, { namespace, name }, body, {
          type: 'strategic',
          subresource: 'status',
          abort,
        });
      } catch (error) {
        // Deleted meanwhile, or we stop: nobody wants to know any more.
        if (abort.aborted || isNotFound(error)) break;
        onProblem(`status of ${name}`, error);
        this.#isOutdated = true;
        await delay(RETRY_MS, undefined, { signal: abort }).catch(() => undefined); // Stopped: the loop ends.
      }
    }
    this.#isWriting = false;
  }

  #status(): object {
    const state = {
      ip: this.address.ip,
      startTime: this.#startTime,
      sidecars: this.#sidecars.map((sidecar) => sidecar.state),
      appRuns: this.#appRuns,
    };
    return podStatusOf(this.pod, state, (condition, value) => {
      const known = this.#since.get(condition);
      if (known?.value === value) return known.at;
      const at = new Date().toISOString();
      this.#since.set(condition, { value, at });
      return at;
    });
  }
}
