/** Creates labelled pods one after the other, as long as it runs, and remembers each that could not be created. */

import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { LABELS } from '../../contract/names.ts';
import { SIDECAR_CONTAINER } from '../../contract/sidecar.ts';
import type { KubeApi, KubeObject } from '../../kubernetes/api.ts';
import { PODS, type Pod } from '../../kubernetes/resources.ts';
import { explain } from '../../runtime/explain.ts';
import { Background } from './background.ts';

/** A pod of one container that asks for the sidecar. */
export function askingPod(namespace: string): Pod {
  return podIn(namespace, { [LABELS.inject]: 'true' });
}

export function podIn(namespace: string, labels: Readonly<Record<string, string>> = {}): Pod {
  const pod: KubeObject & { readonly spec: object } = {
    metadata: { name: `app-${randomBytes(4).toString('hex')}`, namespace, labels },
    spec: { containers: [{ name: 'app', image: 'app:1' }] },
  };
  return pod;
}

export function isInjected({ spec }: Pod): boolean {
  const { initContainers = [] } = spec as { readonly initContainers?: readonly { readonly name: string }[] };
  return initContainers.some(({ name }) => name === SIDECAR_CONTAINER);
}

const PERIOD_MS = 30;
/** Of a test that has failed before it stopped it. */
const LONGEST_MS = 90_000;

export class PodStream extends Background {
  created = 0;
  /** What went wrong, and when, in milliseconds after the start. */
  readonly failures: { readonly atMs: number; readonly error: string }[] = [];
  slowestMs = 0;
  #hasEnded = false;
  readonly #api: KubeApi;
  readonly #namespace: string;
  readonly #longestMs: number;
  readonly #began = performance.now();

  constructor(api: KubeApi, namespace: string, longestMs = LONGEST_MS) {
    super();
    this.#api = api;
    this.#namespace = namespace;
    this.#longestMs = longestMs;
  }

  /** Milliseconds since the start. */
  now(): number {
    return performance.now() - this.#began;
  }

  /** Resolves when so many more pods have been tried. */
  async more(count: number): Promise<void> {
    const goal = this.tried + count;
    while (this.tried < goal && !this.#hasEnded) await delay(PERIOD_MS);
    if (this.tried < goal) throw new Error('the stream of pods has ended');
  }

  get tried(): number {
    return this.created + this.failures.length;
  }

  protected override async run(abort: AbortSignal): Promise<void> {
    while (!abort.aborted && this.now() <= this.#longestMs)
      await Promise.all([this.#createOne(), delay(PERIOD_MS)]);
    this.#hasEnded = true;
  }

  async #createOne(): Promise<void> {
    const began = performance.now();
    const atMs = this.now();
    try {
      const pod = await this.#api.create(PODS, askingPod(this.#namespace), { timeoutMs: 10_000 });
      this.slowestMs = Math.max(this.slowestMs, performance.now() - began);
      if (!isInjected(pod)) throw new Error(`${pod.metadata.name} was created without the sidecar`);
      this.created += 1;
      // Nobody runs it, so it is gone at once.
      await this.#api.delete(PODS, pod.metadata);
    } catch (error) {
      this.failures.push({ atMs, error: explain(error) });
    }
  }
}
