import { LABELS, PROGRAM } from '../../contract/names.ts';
import { encodeStatus } from '../../contract/status.ts';
import { isAlreadyExists, undefinedIfNotFound } from '../../kubernetes/errors.ts';
import type { Leadership } from '../../kubernetes/leadership.ts';
import { CONFIG_MAPS } from '../../kubernetes/resources.ts';
import { WorkQueue } from '../../kubernetes/work-queue.ts';
import type { WatchPorts } from '../reflect.ts';
import type { State } from '../state.ts';
import { type CopyStep, planCopy } from './copy-plan.ts';
import { CopySources } from './copy-sources.ts';
import type { Signal } from './signal.ts';

export interface StatusCopiesOptions {
  readonly ports: WatchPorts;
  readonly follower: string;
  /** The name of the status ConfigMap; copies have the same. */
  readonly name: string;
  /** Where the status itself is: it needs no copy. */
  readonly namespace: string;
  readonly onRefused: (namespace: string, reason: string) => void;
  readonly onFailure: (copy: string, error: unknown) => void;
  readonly onCount: (counts: { readonly wanted: number; readonly present: number }) => void;
}

const RESYNC_MS = 60_000;
const PARALLEL_WRITES = 8;

/**
 * Copies of the status ConfigMap, to be mounted: a pod can mount only what is in its own namespace. Namespaces ask
 * with a label; those with injected pods have one anyway. Copies are removed when nobody wants them any more.
 * Each copy is a key of its own in a queue: a namespace that refuses it holds up no other.
 */
export class StatusCopies implements Signal {
  readonly name = 'status-copies';
  readonly resyncMs = RESYNC_MS;
  readonly #options: StatusCopiesOptions;
  readonly #queue: WorkQueue;
  readonly #sources: CopySources;
  readonly #labels: Readonly<Record<string, string>>;
  #goal: { readonly state: State; readonly leadership: Leadership } | undefined;
  #synced = false;

  constructor(options: StatusCopiesOptions) {
    const { clock, random } = options.ports;
    this.#options = options;
    this.#labels = {
      [LABELS.managedBy]: PROGRAM,
      [LABELS.role]: 'copy',
      [LABELS.follower]: options.follower,
    };
    this.#queue = new WorkQueue({
      clock,
      random,
      concurrency: PARALLEL_WRITES,
      work: (key) => this.#bringInLine(key),
      onFailure: (key, error) => options.onFailure(key, error),
    });
    this.#sources = new CopySources(options.ports, options.follower, (namespace) => {
      if (this.#synced) this.#queue.add(`${namespace}/${options.name}`);
    });
  }

  async watch(wake: () => void, signal: AbortSignal): Promise<void> {
    void this.#sources.synced.then(() => {
      this.#synced = true;
      wake();
    });
    await Promise.all([this.#sources.run(signal), this.#queue.run(signal)]);
  }

  /** Resolves when every copy is queued; those that fail are retried one by one, with the newest state. */
  apply(state: State, leadership: Leadership): Promise<void> {
    this.#goal = { state, leadership };
    if (this.#synced) {
      const { name, namespace: own } = this.#options;
      const wanting = this.#sources.wanting();
      wanting.delete(own);
      const copies = [...this.#sources.copies()].map(
        ({ metadata }) => `${metadata.namespace}/${metadata.name}`,
      );
      for (const namespace of wanting) this.#queue.add(`${namespace}/${name}`);
      for (const key of copies) this.#queue.add(key);
      this.#options.onCount({ wanted: wanting.size, present: copies.length });
    }
    return Promise.resolve();
  }

  async #bringInLine(key: string): Promise<void> {
    if (this.#goal === undefined) return;
    const { state, leadership } = this.#goal;
    const [namespace = '', name = ''] = key.split('/');
    const own = namespace === this.#options.namespace || name !== this.#options.name;
    const step = planCopy({
      name,
      namespace,
      labels: this.#labels,
      data: encodeStatus(state.status),
      wanted: !own && this.#sources.wants(namespace),
      found: this.#sources.copy(namespace, name),
    });
    if (step !== undefined) await this.#write(namespace, step, leadership);
  }

  /** Every write is a compare-and-set: a leader that was deposed meanwhile cannot put an older copy back. */
  async #write(namespace: string, { action, object }: CopyStep, { signal }: Leadership): Promise<void> {
    const { ports, onRefused } = this.#options;
    const { name, uid, resourceVersion } = object.metadata;
    const key = { name, namespace };
    if (action === 'replace') {
      await ports.api.replace(CONFIG_MAPS, object, { signal });
    } else if (action === 'delete') {
      const versions = {
        ...(uid !== undefined && { uid }),
        ...(resourceVersion !== undefined && { resourceVersion }),
      };
      await ports.api.delete(CONFIG_MAPS, key, { ...versions, signal }).catch(undefinedIfNotFound);
    } else {
      await ports.api.create(CONFIG_MAPS, object, { signal }).catch(async (error: unknown) => {
        if (!isAlreadyExists(error)) throw error;
        const there = await ports.api.get(CONFIG_MAPS, key, { signal });
        // Ours, and the watch has not told yet: it will, and brings us here again.
        const labels = there.metadata.labels ?? {};
        if (Object.entries(this.#labels).every(([key, value]) => labels[key] === value)) return;
        onRefused(namespace, `a ConfigMap ${name} that is not ours is there already`);
      });
    }
  }
}
