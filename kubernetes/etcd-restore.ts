import type {
  KubeApi,
  KubeObject,
  ObjectKey,
  ObjectMeta,
  Resource,
  WatchEvent,
  WatchOptions,
} from './api.ts';
import { KubeError, PUT_BACK } from './errors.ts';
import { keyOf } from './reflector-store.ts';
import { isBefore } from './versions.ts';

/** Objects that are asked for again and again: Leases, statuses, what is followed. */
const MAX_REMEMBERED = 512;

interface Seen {
  readonly uid: string | undefined;
  readonly version: string;
}

/**
 * An API server whose etcd was restored to an older copy looks like any other, only that resourceVersions are lower than
 * those that it has given out. A watch from one of those sends nothing until it is reached again: for
 * minutes or hours. So every answer is compared with what was known when it was asked for. Reads without a
 * resourceVersion are never older than any earlier answer (Kubernetes API concepts, "resource versions").
 *
 * When one is, all watches end with 410, so that what they filled is listed again; and an answer from before counts as none.
 */
export class RestoreDetector implements KubeApi {
  readonly #api: KubeApi;
  /** By resource and key, the one that was asked for last at the end. */
  readonly #seen = new Map<string, Seen>();
  /** By resource, the latest version of anything: a list is of all that was written before, to etcd or to the one it has. */
  readonly #reached = new Map<string, string>();
  #copy = new AbortController();

  constructor(api: KubeApi) {
    this.#api = api;
  }

  get restored(): AbortSignal {
    return this.#copy.signal;
  }

  readonly get: KubeApi['get'] = (resource, key, options) =>
    this.#object(resource, key, () => this.#api.get(resource, key, options));

  readonly create: KubeApi['create'] = (resource, object, options) =>
    this.#object(resource, object.metadata, () => this.#api.create(resource, object, options));

  readonly replace: KubeApi['replace'] = (resource, object, options) =>
    this.#object(resource, object.metadata, () => this.#api.replace(resource, object, options));

  readonly patch: KubeApi['patch'] = (resource, key, body, options) =>
    this.#object(resource, key, () => this.#api.patch(resource, key, body, options));

  readonly delete: KubeApi['delete'] = (...call) => this.#api.delete(...call);

  readonly list: KubeApi['list'] = async (resource, options = {}) => {
    // A further page is as old as the first one.
    if (options.continue !== undefined) return this.#api.list(resource, options);
    const id = idOf(resource);
    const known = this.#reached.get(id);
    const copy = this.#copy;
    const list = await this.#api.list(resource, options);
    this.#assertSame(copy);
    if (isBefore(list.resourceVersion, known)) this.#isRestored();
    this.#reach(resource, list.resourceVersion);
    return list;
  };

  async *watch<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>, void> {
    const copy = this.#copy;
    const abort = options.abort === undefined ? copy.signal : AbortSignal.any([options.abort, copy.signal]);
    let reached = options.resourceVersion;
    for await (const event of this.#api.watch(resource, { ...options, abort })) {
      const { resourceVersion = reached } = event.object.metadata;
      if (copy === this.#copy && isBefore(resourceVersion, reached)) this.#isRestored();
      copy.signal.throwIfAborted();
      reached = resourceVersion;
      this.#reach(resource, resourceVersion);
      yield event;
    }
  }

  async #object<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    call: () => Promise<T>,
  ): Promise<T> {
    const id = `${idOf(resource)} ${keyOf(key)}`;
    const known = this.#seen.get(id);
    const copy = this.#copy;
    const object = await call();
    // Reviews, which are not stored, may be answered without.
    const { uid, resourceVersion: version }: Partial<ObjectMeta> = (object as Partial<T>).metadata ?? {};
    this.#assertSame(copy);
    if (known?.uid === uid && isBefore(version, known?.version)) this.#isRestored();
    if (version !== undefined) this.#remember(id, { uid, version });
    this.#reach(resource, version);
    return object;
  }

  #reach(resource: Resource, version = ''): void {
    const id = idOf(resource);
    const before = this.#reached.get(id);
    if (before === undefined || isBefore(before, version)) this.#reached.set(id, version);
  }

  #remember(id: string, seen: Seen): void {
    const before = this.#seen.get(id);
    this.#seen.delete(id);
    const isOlder = before !== undefined && before.uid === seen.uid && isBefore(seen.version, before.version);
    this.#seen.set(id, isOlder ? before : seen);
    for (const oldest of this.#seen.keys()) {
      if (this.#seen.size <= MAX_REMEMBERED) break;
      this.#seen.delete(oldest);
    }
  }

  #isRestored(): void {
    const copy = this.#copy;
    this.#copy = new AbortController();
    this.#seen.clear();
    this.#reached.clear();
    copy.abort(wentBack());
  }

  /** What was answered before etcd was restored would stand above everything that comes. */
  #assertSame(copy: AbortController): void {
    if (copy === this.#copy) return;
    throw new KubeError('the answer is from before etcd was restored to an older copy', {
      status: 0,
      reason: 'NoAnswer',
    });
  }
}

/** Calls back each time etcd is found to be restored, until `abort` fires. */
export function whenRestored(api: Pick<KubeApi, 'restored'>, callback: () => void, abort: AbortSignal): void {
  if (abort.aborted) return;
  const onAbort = () => {
    callback();
    whenRestored(api, callback, abort);
  };
  api.restored?.addEventListener('abort', onAbort, { once: true, signal: abort });
}

function idOf({ group, plural }: Resource): string {
  return `${plural}.${group}`;
}

function wentBack(): KubeError {
  return new KubeError('resourceVersions went back: etcd was restored to an older copy', {
    status: 410,
    reason: PUT_BACK,
  });
}
