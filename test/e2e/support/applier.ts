/** Applies a Service by force each second, as GitOps tools do, all the while. */
import { setTimeout as delay } from 'node:timers/promises';
import { explain } from '../../../kubernetes/errors.ts';
import type { RealCluster } from './cluster.ts';

const PERIOD_MS = 1_000;

export class Applier {
  /** What kubectl said each time; undefined: applied. */
  readonly answers: { readonly at: number; readonly error?: string }[] = [];
  readonly #cluster: RealCluster;
  readonly #manifest: string;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(cluster: RealCluster, manifest: object) {
    this.#cluster = cluster;
    this.#manifest = JSON.stringify(manifest);
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const apply = ['apply', '--server-side', '--force-conflicts', '--field-manager=gitops', '-f', '-'];
    while (!signal.aborted) {
      const at = Date.now();
      try {
        await this.#cluster.kubectl(apply, this.#manifest);
        this.answers.push({ at });
      } catch (error) {
        this.answers.push({ at, error: explain(error) });
      }
      await delay(PERIOD_MS, undefined, { signal }).catch(() => undefined); // Told to stop.
    }
  }
}
