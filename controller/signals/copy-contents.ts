import type { KubeApi, ObjectKey } from '../../kubernetes/api.ts';
import { ignoreNotFound, isTooLarge } from '../../kubernetes/errors.ts';
import { CONFIG_MAPS, type ConfigMap } from '../../kubernetes/resources.ts';

/** What a watch of metadata tells of a copy. */
export interface SeenCopy {
  readonly key: Required<ObjectKey>;
  readonly uid: string;
  readonly version: string;
  /** Deleted already, and held by somebody's finalizer. */
  readonly isEnding: boolean;
}

/** Beside what we write, there may be some that others have added. */
const OTHERS_BYTES = 128 * 1024;

/**
 * What is in the copies. Anybody who may create ConfigMaps can make one with our labels, as large as etcd takes it. So
 * each is read by itself, and only as far as it can be one of ours.
 */
export class CopyContents {
  readonly #api: KubeApi;
  readonly #labels: Readonly<Record<string, string>>;
  /** By namespace and name, as last read or written. */
  readonly #known = new Map<string, ConfigMap>();

  constructor(api: KubeApi, labels: Readonly<Record<string, string>>) {
    this.#api = api;
    this.#labels = labels;
  }

  /** `data`: what has to be in it. Undefined when it is gone. Throws KubeError. */
  async of(
    seen: SeenCopy,
    data: Readonly<Record<string, string>>,
    abort: AbortSignal,
  ): Promise<ConfigMap | undefined> {
    const { key, uid, version } = seen;
    const known = this.#known.get(textOf(key));
    // One that is newer than the watch tells may be of before etcd was put back.
    if (known?.metadata.uid === uid && known.metadata.resourceVersion === version) return known;
    const maxBytes = OTHERS_BYTES + 4 * Buffer.byteLength(JSON.stringify(data));
    try {
      const found = await this.#api.get(CONFIG_MAPS, key, { abort, maxBytes }).catch(ignoreNotFound);
      if (found === undefined) this.forget(key);
      else this.learn(found);
      return found;
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      this.forget(key);
      return this.bare(seen);
    }
  }

  /** As much as has to be known to delete it, or to put a whole one in its place. */
  bare({ key, uid, version }: SeenCopy): ConfigMap {
    return { metadata: { ...key, uid, resourceVersion: version, labels: this.#labels } };
  }

  learn(object: ConfigMap): void {
    const { namespace = '', name, managedFields: _, ...metadata } = object.metadata;
    this.#known.set(textOf({ namespace, name }), { ...object, metadata: { namespace, name, ...metadata } });
  }

  /** Versions have gone back. */
  clear(): void {
    this.#known.clear();
  }

  forget(key: Required<ObjectKey>): void {
    this.#known.delete(textOf(key));
  }
}

function textOf({ namespace, name }: Required<ObjectKey>): string {
  return `${namespace}/${name}`;
}
