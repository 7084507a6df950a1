import type { KubeApi, KubeObject } from '../../kubernetes/api.ts';
import { NODES } from '../../kubernetes/resources.ts';

/** The nodes that one reconcile reads. */
export class NodeReads {
  readonly #api: KubeApi;
  readonly #abort: AbortSignal;
  readonly #begun = new Map<string, Promise<KubeObject>>();

  constructor(api: KubeApi, abort: AbortSignal) {
    this.#api = api;
    this.#abort = abort;
  }

  /**
   * For a node that will probably be asked for: its call is under way by then. Each time it is read again, since whoever
   * begins to look again must not be told of a node as it was before.
   */
  readonly expect = (name: string): void => {
    // Whoever asks for it gets the error.
    this.#read(name).catch(() => undefined);
  };

  /** Throws KubeError. */
  get(name: string): Promise<KubeObject> {
    return this.#begun.get(name) ?? this.#read(name);
  }

  #read(name: string): Promise<KubeObject> {
    const read = this.#api.get(NODES, { name }, { abort: this.#abort, metadataOnly: true });
    this.#begun.set(name, read);
    return read;
  }
}
