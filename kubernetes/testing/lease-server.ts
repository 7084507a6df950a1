import { KubeError } from '../errors.ts';
import type { Lease } from '../resources.ts';

/** One Lease as the API server keeps it: versions, compare-and-set, the usual refusals. */
export class LeaseServer {
  #lease: Lease | undefined;
  #version = 0;
  readonly #watchers = new Set<(type: 'ADDED' | 'MODIFIED' | 'DELETED', lease: Lease) => void>();

  get version(): number {
    return this.#version;
  }

  get lease(): Lease | undefined {
    return this.#lease;
  }

  get(): Lease {
    if (this.#lease === undefined) throw new KubeError('not found', { status: 404, reason: 'NotFound' });
    return this.#lease;
  }

  create(lease: Lease): Lease {
    if (this.#lease !== undefined) throw new KubeError('exists', { status: 409, reason: 'AlreadyExists' });
    return this.#store('ADDED', lease);
  }

  replace(lease: Lease): Lease {
    if (lease.metadata.resourceVersion !== this.get().metadata.resourceVersion) {
      throw new KubeError('conflict', { status: 409, reason: 'Conflict' });
    }
    return this.#store('MODIFIED', lease);
  }

  delete(): void {
    const lease = this.#lease;
    if (lease === undefined) return;
    this.#version += 1;
    this.#lease = undefined;
    this.#tell('DELETED', {
      ...lease,
      metadata: { ...lease.metadata, resourceVersion: String(this.#version) },
    });
  }

  /** The returned function ends it. */
  watch(watcher: (type: 'ADDED' | 'MODIFIED' | 'DELETED', lease: Lease) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  #store(type: 'ADDED' | 'MODIFIED', lease: Lease): Lease {
    this.#version += 1;
    this.#lease = { ...lease, metadata: { ...lease.metadata, resourceVersion: String(this.#version) } };
    this.#tell(type, this.#lease);
    return this.#lease;
  }

  #tell(type: 'ADDED' | 'MODIFIED' | 'DELETED', lease: Lease): void {
    for (const watcher of this.#watchers) watcher(type, lease);
  }
}
