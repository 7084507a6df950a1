/** In the role of the kubelets of all nodes: runs the pods of one namespace, each on a loopback address of its own. */

import { Reflector } from '../../../kubernetes/reflector.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { explain } from '../../../runtime/explain.ts';
import type { ControlPlaneAccess } from '../control-plane-access.ts';
import { SHIPPED_BUNDLE } from '../sidecar.ts';
import { Addresses } from './addresses.ts';
import { POD_MANIFESTS, type PodManifest } from './manifest.ts';
import { RunningPod } from './running-pod.ts';

export interface PodRunnerOptions {
  readonly namespace: string;
  /** The sidecar's bundle. */
  readonly bundle?: string;
  /** Default: written to standard error. */
  readonly onProblem?: (what: string, error: unknown) => void;
}

export class PodRunner {
  readonly #plane: ControlPlaneAccess;
  readonly #addresses: Addresses;
  readonly #options: Required<PodRunnerOptions>;
  readonly #pods = new Map<string, RunningPod>();
  readonly #ending = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  readonly #watching: Promise<void>;

  /** Use startPodRunner. */
  constructor(plane: ControlPlaneAccess, addresses: Addresses, options: Required<PodRunnerOptions>) {
    this.#plane = plane;
    this.#addresses = addresses;
    this.#options = options;
    const reflector = new Reflector<PodManifest, PodManifest>({
      api: plane.api,
      clock: systemClock,
      random: Math.random,
      resource: POD_MANIFESTS,
      namespace: options.namespace,
      transform: (pod) => pod,
      onChange: (_key, now, before) => this.#take(now, before),
      onProblem: (kind, error) => options.onProblem(`pods: ${kind}`, error),
    });
    this.#watching = reflector.run(this.#stop.signal);
  }

  /** Those that run, sorted by name. */
  get pods(): readonly RunningPod[] {
    const byName = (one: RunningPod, other: RunningPod) =>
      one.pod.metadata.name.localeCompare(other.pod.metadata.name);
    return [...this.#pods.values()].sort(byName);
  }

  /** Ends all processes; the pods stay in the API server as they are. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#watching;
    await Promise.all([...this.#ending, ...this.pods.map((pod) => pod.stop())]);
    this.#addresses.close();
  }

  #take(now: PodManifest | undefined, before: PodManifest | undefined): void {
    if (before !== undefined && before.metadata.uid !== now?.metadata.uid) this.#end(before, 'gone');
    if (now === undefined) return;
    const { uid = '', deletionTimestamp } = now.metadata;
    const { nodeName } = now.spec;
    if (deletionTimestamp !== undefined) this.#end(now, 'deleted');
    else if (this.#pods.has(uid)) this.#pods.get(uid)?.see(now);
    else if (nodeName !== undefined) this.#pods.set(uid, this.#run(now, nodeName));
  }

  #run(pod: PodManifest, node: string): RunningPod {
    const { bundle, onProblem } = this.#options;
    return new RunningPod({
      plane: this.#plane,
      pod,
      address: this.#addresses.take(node),
      image: { '/nodejs/bin/node': process.execPath, '/app/sidecar.cjs': bundle },
      onProblem,
    });
  }

  #end({ metadata: { uid = '', name } }: PodManifest, why: 'gone' | 'deleted'): void {
    const running = this.#pods.get(uid);
    if (running === undefined) return;
    this.#pods.delete(uid);
    const ending = (why === 'deleted' ? running.terminate() : running.stop())
      .catch((error) => this.#options.onProblem(`end of ${name}`, error))
      .finally(() => {
        this.#addresses.release(running.address);
        this.#ending.delete(ending);
      });
    this.#ending.add(ending);
  }
}

/** The caller stops it. */
export async function startPodRunner(
  plane: ControlPlaneAccess,
  { namespace, bundle = SHIPPED_BUNDLE, onProblem = complain }: PodRunnerOptions,
): Promise<PodRunner> {
  return new PodRunner(plane, await Addresses.claim(), { namespace, bundle, onProblem });
}

function complain(what: string, error: unknown): void {
  console.error(`pod runner: ${what}: ${explain(error)}`);
}
