import { parseKey } from '../../../kubernetes/object-index.ts';

/** The pods of one namespace. */
interface Groups {
  /** Those that are written first. */
  readonly first: Set<string>;
  /** Those that wait for them. */
  readonly waiting: Set<string>;
}

/**
 * Which pods wait at a move, and for which others: those of the same namespace. A Service has no pods of another one, and
 * many pods, or some that cannot be written, delay only those of the same namespace.
 */
export class MoveOrder {
  readonly #byNamespace = new Map<string, Groups>();
  readonly #onRelease: (key: string) => void;

  /** `onRelease` is called with each pod that need not wait any more. */
  constructor(onRelease: (key: string) => void) {
    this.#onRelease = onRelease;
  }

  /** Another move: what was known of the last one is forgotten. */
  begin(first: readonly string[], second: readonly string[]): void {
    this.#byNamespace.clear();
    for (const key of first) this.#groupsOf(key).first.add(key);
    for (const key of second) this.defer(key);
    for (const namespace of this.#byNamespace.keys()) this.#releaseIfDue(namespace);
  }

  isWaiting(key: string): boolean {
    return this.#find(key)?.waiting.has(key) === true;
  }

  /** Whether there are some that go before this one. */
  hasFirst(key: string): boolean {
    return this.#find(key) !== undefined;
  }

  defer(key: string): void {
    this.#groupsOf(key).waiting.add(key);
  }

  /** It is written. */
  done(key: string): void {
    const { namespace } = parseKey(key);
    if (this.#find(key)?.first.delete(key) === true) this.#releaseIfDue(namespace);
  }

  /** It is gone. */
  forget(key: string): void {
    this.#find(key)?.waiting.delete(key);
    this.done(key);
  }

  releaseAll(): void {
    for (const namespace of this.#byNamespace.keys()) this.#release(namespace);
  }

  #releaseIfDue(namespace: string): void {
    if (this.#byNamespace.get(namespace)?.first.size === 0) this.#release(namespace);
  }

  #release(namespace: string): void {
    const groups = this.#byNamespace.get(namespace);
    this.#byNamespace.delete(namespace);
    for (const key of groups?.waiting ?? []) this.#onRelease(key);
  }

  #find(key: string): Groups | undefined {
    return this.#byNamespace.get(parseKey(key).namespace);
  }

  #groupsOf(key: string): Groups {
    const { namespace } = parseKey(key);
    const groups = this.#byNamespace.get(namespace) ?? { first: new Set(), waiting: new Set() };
    this.#byNamespace.set(namespace, groups);
    return groups;
  }
}
