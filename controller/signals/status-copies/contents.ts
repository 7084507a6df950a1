import type { KubeApi, ObjectKey } from '../../../kubernetes/api.ts';
import { ignoreNotFound, isTooLarge } from '../../../kubernetes/errors.ts';
import { keyOf } from '../../../kubernetes/reflector.ts';
import { CONFIG_MAPS, type ConfigMap } from '../../../kubernetes/resources.ts';
import { isInLine } from './plan.ts';

/** A copy, as a watch of metadata shows it. */
export interface CopyMetadata {
  readonly key: Required<ObjectKey>;
  readonly uid: string;
  readonly version: string;
  /** Deleted already, but kept by a finalizer. */
  readonly isEnding: boolean;
}

/** Beside what we write, there may be some that others have added, and who has what of it. */
const OTHERS_BYTES = 16 * 1024;
/** Of the metadata of one; with more of it, what others have added goes with the next write. */
const METADATA_BYTES = 1024;

/**
 * What is in the copies. Anybody who may create ConfigMaps can make one with our labels, as large as etcd takes it. So
 * each is read by itself, and only as far as it can be one of ours; and what is remembered of those that are in line,
 * of which there may be thousands, is only that they are.
 */
export class CopyContents {
  readonly #api: KubeApi;
  readonly #labels: Readonly<Record<string, string>>;
  /** By namespace and name, those that were in line when last read or written. They share one `data`. */
  readonly #known = new Map<string, ConfigMap>();

  constructor(api: KubeApi, labels: Readonly<Record<string, string>>) {
    this.#api = api;
    this.#labels = labels;
  }

  /** `data`: what has to be in it. Undefined when it is gone. Throws KubeError. */
  async of(
    seen: CopyMetadata,
    data: Readonly<Record<string, string>>,
    abort: AbortSignal,
  ): Promise<ConfigMap | undefined> {
    const { key, uid, version } = seen;
    const known = this.#known.get(keyOf(key));
    // One that is newer than the watch tells may be of before etcd was restored.
    if (known?.metadata.uid === uid && known.metadata.resourceVersion === version) return known;
    this.forget(key);
    const maxBytes = OTHERS_BYTES + 4 * Buffer.byteLength(JSON.stringify(data));
    try {
      const found = await this.#api.get(CONFIG_MAPS, key, { abort, maxBytes }).catch(ignoreNotFound);
      if (found !== undefined) this.learn(found, data);
      return found;
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      return this.bare(seen);
    }
  }

  /** As much as has to be known to delete it, or to put a whole one in its place. */
  bare({ key, uid, version }: Omit<CopyMetadata, 'isEnding'>): ConfigMap {
    return { metadata: { ...key, uid, resourceVersion: version, labels: this.#labels } };
  }

  /** `data`: what has to be in it. One that is not in line is written anyway, or read again. */
  learn(found: ConfigMap, data: Readonly<Record<string, string>>): void {
    const { namespace = '', name, uid = '', resourceVersion: version = '' } = found.metadata;
    const key = { namespace, name };
    this.forget(key);
    if (!isInLine(found, data)) return;
    const { managedFields: _, ...metadata } = found.metadata;
    const isSmall = Buffer.byteLength(JSON.stringify(metadata)) <= METADATA_BYTES;
    const kept = isSmall ? { metadata } : this.bare({ key, uid, version });
    this.#known.set(keyOf(key), { ...kept, data });
  }

  /** Versions have gone back. */
  clear(): void {
    this.#known.clear();
  }

  forget(key: Required<ObjectKey>): void {
    this.#known.delete(keyOf(key));
  }
}
