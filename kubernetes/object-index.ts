import type { ObjectKey } from './api.ts';
import { isBefore } from './versions.ts';

interface Versioned {
  readonly key: Required<ObjectKey>;
  readonly version: string;
}

/**
 * The newest known version of objects, by namespace. Unlike a reflector it learns of our own writes from their answers,
 * before the watch shows them, and it does not go back when the watch then shows an older version.
 */
export class ObjectIndex<T extends Versioned> {
  readonly #all = new Map<string, Map<string, T>>();

  /** False when something newer was known. */
  set(value: T): boolean {
    const { namespace, name } = value.key;
    const own = this.#all.get(namespace) ?? new Map<string, T>();
    const known = own.get(name);
    if (isBefore(value.version, known?.version)) return false;
    this.#all.set(namespace, own.set(name, value));
    return true;
  }

  /** For when versions have gone back: everything is added again. */
  clear(): void {
    this.#all.clear();
  }

  /** The answer to a write: of no use when the object has gone meanwhile. */
  update(value: T): void {
    if (this.get(value.key) !== undefined) this.set(value);
  }

  delete({ namespace, name }: Required<ObjectKey>): void {
    const own = this.#all.get(namespace);
    own?.delete(name);
    if (own?.size === 0) this.#all.delete(namespace);
  }

  get({ namespace, name }: Required<ObjectKey>): T | undefined {
    return this.#all.get(namespace)?.get(name);
  }

  in(namespace: string): Iterable<T> {
    return this.#all.get(namespace)?.values() ?? [];
  }

  sizeOf(namespace: string): number {
    return this.#all.get(namespace)?.size ?? 0;
  }

  *all(): IterableIterator<T> {
    for (const own of this.#all.values()) yield* own.values();
  }

  namespaces(): Iterable<string> {
    return this.#all.keys();
  }
}

/** `namespace/name` as a queue knows it. */
export function parseKey(key: string): Required<ObjectKey> {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name };
}
