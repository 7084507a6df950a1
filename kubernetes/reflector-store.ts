import type { KubeObject, ObjectMeta } from './api.ts';
import { isAtOrBefore, isBefore } from './versions.ts';

/** `namespace/name`, or `name` for cluster-scoped objects. */
export function keyOf({ namespace, name }: Pick<ObjectMeta, 'namespace' | 'name'>): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

interface Entry<V> {
  readonly version: string | undefined;
  readonly value: V;
}

/** What is kept of the objects, by key. Tells of changes; what its callbacks throw goes to `onThrow`. */
export class ReflectorStore<T extends KubeObject, V> {
  readonly #keep: (object: T) => V;
  readonly #onChange: (key: string, now: V | undefined, before: V | undefined) => void;
  readonly #onThrow: (error: unknown) => void;
  #entries = new Map<string, Entry<V>>();

  constructor(
    keep: (object: T) => V,
    onChange: (key: string, now: V | undefined, before: V | undefined) => void,
    onThrow: (error: unknown) => void,
  ) {
    this.#keep = keep;
    this.#onChange = onChange;
    this.#onThrow = onThrow;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key)?.value;
  }

  *values(): IterableIterator<V> {
    for (const entry of this.#entries.values()) yield entry.value;
  }

  *entries(): IterableIterator<readonly [key: string, value: V]> {
    for (const [key, { value }] of this.#entries) yield [key, value];
  }

  get size(): number {
    return this.#entries.size;
  }

  set(object: T): void {
    const key = keyOf(object.metadata);
    const before = this.#entries.get(key);
    const now = this.#entryOf(object, before);
    if (now === undefined || now === before) return;
    this.#entries.set(key, now);
    this.#tell(key, now.value, before?.value);
  }

  delete(object: T): void {
    const key = keyOf(object.metadata);
    const before = this.#entries.get(key);
    if (this.#entries.delete(key)) this.#tell(key, undefined, before?.value);
  }

  /**
   * Collects a list page by page; nothing changes before `commit`. `replay`: `onChange` gets everything again, since the
   * same version may be given to something else after etcd was restored.
   */
  replacement(replay = false): Replacement<T> {
    const next = new Map<string, Entry<V>>();
    let wentBack = false;
    return {
      get wentBack() {
        return wentBack;
      },
      add: (object) => {
        const key = keyOf(object.metadata);
        const before = this.#entries.get(key);
        wentBack ||= isBefore(object.metadata.resourceVersion, before?.version);
        const entry = this.#entryOf(object, before, replay);
        if (entry !== undefined) next.set(key, entry);
      },
      commit: (version, watched) => this.#replace(next, version, watched),
    };
  }

  #replace(next: Map<string, Entry<V>>, version: string, watched: string | undefined): number {
    const previous = this.#entries;
    this.#entries = next;
    let missed = 0;
    for (const [key, now] of next) {
      const before = previous.get(key);
      if (now === before) continue;
      if (isAtOrBefore(now.version, watched)) missed += 1;
      this.#tell(key, now.value, before?.value);
    }
    for (const [key, before] of previous) {
      if (next.has(key)) continue;
      if (isAtOrBefore(version, watched)) missed += 1;
      this.#tell(key, undefined, before.value);
    }
    return missed;
  }

  /** `before` itself when the object did not change; when `keep` throws, so that the last good one stays. */
  #entryOf(object: T, before: Entry<V> | undefined, replay = false): Entry<V> | undefined {
    const version = object.metadata.resourceVersion;
    if (!replay && before !== undefined && version !== undefined && before.version === version) return before;
    try {
      return { version, value: this.#keep(object) };
    } catch (error) {
      this.#onThrow(error);
      return before;
    }
  }

  #tell(key: string, now: V | undefined, before: V | undefined): void {
    try {
      this.#onChange(key, now, before);
    } catch (error) {
      this.#onThrow(error);
    }
  }
}

export interface Replacement<T> {
  add(object: T): void;
  /** Something came with a lower version than it had: no object that is only changed or made again does. */
  readonly wentBack: boolean;
  /**
   * Makes the list the truth. `version` is the list's, `watched` what the watch had reached, if there was one.
   * Returns how many of the changes the watch must have missed, since it had already passed their version.
   */
  commit(version: string, watched: string | undefined): number;
}
