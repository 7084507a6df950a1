import { LABELS, PROGRAM } from '../../contract/names.ts';
import { encodeStatus } from '../../contract/status.ts';
import type { KubeObject } from '../../kubernetes/api.ts';
import { explain, isAlreadyExists, isNotFound } from '../../kubernetes/errors.ts';
import type { Leadership } from '../../kubernetes/leadership.ts';
import type { Reflector } from '../../kubernetes/reflector.ts';
import { CONFIG_MAPS, type ConfigMap, NAMESPACES, PODS } from '../../kubernetes/resources.ts';
import { onDifference, reflect, type WatchPorts } from '../reflect.ts';
import type { State } from '../state.ts';
import { type CopyStep, planCopies } from './copy-plan.ts';
import type { Signal } from './signal.ts';

export interface StatusCopiesOptions {
  readonly ports: WatchPorts;
  readonly follower: string;
  /** The name of the status ConfigMap; copies have the same. */
  readonly name: string;
  /** Where the status itself is: it needs no copy. */
  readonly namespace: string;
  readonly onRefused: (namespace: string, reason: string) => void;
  readonly onCount: (counts: { readonly wanted: number; readonly present: number }) => void;
}

const RESYNC_MS = 60_000;
const PARALLEL_WRITES = 8;

/**
 * Copies of the status ConfigMap, to be mounted: a pod can mount only what is in its own namespace. Namespaces ask
 * with a label; those with injected pods have one anyway. Copies are removed when nobody wants them any more.
 */
export class StatusCopies implements Signal {
  readonly name = 'status-copies';
  readonly resyncMs = RESYNC_MS;
  readonly #options: StatusCopiesOptions;
  #sources: Sources | undefined;

  constructor(options: StatusCopiesOptions) {
    this.#options = options;
  }

  async watch(wake: () => void, signal: AbortSignal): Promise<void> {
    const sources = new Sources(this.#options, wake);
    this.#sources = sources;
    await sources.run(signal);
  }

  async apply(state: State, leadership: Leadership): Promise<void> {
    const sources = this.#sources;
    // Not listed yet: what is wanted is not known, and nothing may be removed on a guess. The lists wake us.
    if (sources === undefined || !sources.synced) return;
    const { namespace, name, follower } = this.#options;
    const labels = { [LABELS.managedBy]: PROGRAM, [LABELS.role]: 'copy', [LABELS.follower]: follower };
    const wanted = sources.wanted().filter((other) => other !== namespace);
    const steps = planCopies({
      name,
      labels,
      data: encodeStatus(state.status),
      wanted,
      found: sources.copies(),
    });
    this.#options.onCount({ wanted: wanted.length, present: sources.copies().length });
    await this.#carryOut(steps, leadership);
  }

  async #carryOut(steps: readonly CopyStep[], leadership: Leadership): Promise<void> {
    const queue = [...steps];
    const failures: string[] = [];
    const work = async () => {
      for (let step = queue.shift(); step !== undefined; step = queue.shift()) {
        leadership.signal.throwIfAborted();
        await this.#write(step, leadership).catch((error: unknown) => {
          failures.push(`${step.namespace}: ${explain(error)}`);
        });
      }
    };
    await Promise.all(Array.from({ length: PARALLEL_WRITES }, work));
    if (failures.length > 0) {
      throw new Error(
        `${failures.length} of ${steps.length} copies were not written: ${failures.slice(0, 3).join('; ')}`,
      );
    }
  }

  /** Every write is a compare-and-set: a leader that was deposed meanwhile cannot put an older copy back. */
  async #write(step: CopyStep, { signal }: Leadership): Promise<void> {
    const { ports, onRefused } = this.#options;
    const { api } = ports;
    const { namespace } = step;
    if (step.action === 'delete') {
      const { name, uid, resourceVersion } = step.object.metadata;
      const versions = {
        ...(uid !== undefined && { uid }),
        ...(resourceVersion !== undefined && { resourceVersion }),
      };
      await api.delete(CONFIG_MAPS, { name, namespace }, { ...versions, signal }).catch(ignoreNotFound);
    } else if (step.action === 'replace') {
      await api.replace(CONFIG_MAPS, step.object, { signal });
    } else {
      await api.create(CONFIG_MAPS, step.object, { signal }).catch(async (error: unknown) => {
        if (!isAlreadyExists(error)) throw error;
        const { name } = step.object.metadata;
        const there = await api.get(CONFIG_MAPS, { name, namespace }, { signal });
        // Ours, and the watch has not told yet: it will, and wakes us.
        if (there.metadata.labels?.[LABELS.role] === 'copy') return;
        onRefused(namespace, `a ConfigMap ${name} that is not ours is there already`);
      });
    }
  }
}

/** What is wanted and what is there, from watches; kept small: of a pod only the name of its namespace. */
class Sources {
  readonly #asking: Reflector<KubeObject, string>;
  readonly #pods: Reflector<KubeObject, string>;
  readonly #copies: Reflector<ConfigMap, ConfigMap>;
  readonly #wake: () => void;
  #synced = false;

  constructor({ ports, follower }: StatusCopiesOptions, wake: () => void) {
    this.#wake = wake;
    this.#asking = reflect(ports, {
      resource: NAMESPACES,
      labelSelector: `${LABELS.status}=true`,
      metadataOnly: true,
      // Nothing can be created in a namespace that is being deleted.
      keep: ({ metadata }) => (metadata.deletionTimestamp === undefined ? metadata.name : ''),
      onChange: onDifference(wake),
    });
    this.#pods = reflect(ports, {
      resource: PODS,
      labelSelector: `${LABELS.inject}=true`,
      metadataOnly: true,
      keep: ({ metadata }) => (metadata.deletionTimestamp === undefined ? (metadata.namespace ?? '') : ''),
      onChange: onDifference(wake),
    });
    this.#copies = reflect(ports, {
      resource: CONFIG_MAPS,
      labelSelector: `${LABELS.role}=copy,${LABELS.follower}=${follower},${LABELS.managedBy}=${PROGRAM}`,
      keep: (object) => object,
      onChange: wake,
    });
  }

  get synced(): boolean {
    return this.#synced;
  }

  async run(signal: AbortSignal): Promise<void> {
    const reflectors = [this.#asking, this.#pods, this.#copies];
    void Promise.all(reflectors.map(({ synced }) => synced)).then(() => {
      this.#synced = true;
      this.#wake();
    });
    await Promise.all(reflectors.map((reflector) => reflector.run(signal)));
  }

  wanted(): string[] {
    const namespaces = new Set([...this.#asking.list(), ...this.#pods.list()]);
    namespaces.delete('');
    return [...namespaces];
  }

  copies(): ConfigMap[] {
    return [...this.#copies.list()];
  }
}

function ignoreNotFound(error: unknown): void {
  if (!isNotFound(error)) throw error; // Gone already is what was wanted.
}
