import type {
  CallOptions,
  CreateOptions,
  DeleteOptions,
  GetOptions,
  KubeApi,
  KubeObject,
  List,
  ListOptions,
  ObjectKey,
  PatchOptions,
  Resource,
  WatchEvent,
  WatchOptions,
} from './api.ts';
import { RestoreDetector } from './etcd-restore.ts';
import { type Call, type ConnectOptions, describe, Exchange } from './exchange.ts';
import { failedWatch } from './failures.ts';
import { lines } from './lines.ts';
import { MAX_OBJECT_BYTES } from './pages.ts';
import {
  collectionPath,
  creationPath,
  creationQuery,
  listQuery,
  objectPath,
  patchQuery,
  watchQuery,
} from './paths.ts';

export interface KubeConnection extends KubeApi {
  /** What is at a path of the server that is no object of a resource, such as `/version`. Throws KubeError. */
  read(path: string, options?: CallOptions): Promise<unknown>;
  /** Ends the calls still under way and every connection. */
  close(): Promise<void>;
}

/** Nothing is sent before the first call. */
export function connect(options: ConnectOptions): KubeConnection {
  const api = new HttpKubeApi(options);
  return Object.assign(new RestoreDetector(api), {
    read: (path: string, options?: CallOptions) => api.read(path, options),
    close: () => api.close(),
  });
}

/** An API server that is just starting waits for its caches before it begins a watch. */
const WATCH_START_MS = 10_000;

/** Stands for what is no resource, in metrics. */
const SERVER: Resource = { group: '', version: '', plural: 'server', kind: 'Server', namespaced: false };

const JSON_TYPE = 'application/json';
const PARTIAL = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const PARTIAL_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
const PATCH_TYPES = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
  strategic: 'application/strategic-merge-patch+json',
} as const;

class HttpKubeApi implements KubeApi {
  readonly #exchange: Exchange;

  constructor(options: ConnectOptions) {
    this.#exchange = new Exchange(options);
  }

  async get<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    options: GetOptions = {},
  ): Promise<T> {
    const call = {
      name: 'get',
      resource,
      method: 'GET',
      target: objectPath(resource, key) + subpath(options.subresource),
      accept: options.metadataOnly ? PARTIAL : JSON_TYPE,
      maxBytes: options.maxBytes,
    } as const;
    return identified(resource, (await this.#exchange.call(call, options)).value as T);
  }

  async list<T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}): Promise<List<T>> {
    const call = {
      name: 'list',
      resource,
      method: 'GET',
      target: collectionPath(resource, options.namespace) + listQuery(options),
      accept: options.metadataOnly ? PARTIAL_LIST : JSON_TYPE,
      maxBytes: options.maxBytes,
    } as const;
    const { value, bytes } = await this.#exchange.call(call, options);
    const page = value as {
      readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
      readonly items?: readonly T[] | null;
    };
    return {
      items: (page.items ?? []).map((item) => identified(resource, item)),
      resourceVersion: page.metadata?.resourceVersion ?? '',
      bytes,
      ...(page.metadata?.continue ? { continue: page.metadata.continue } : {}),
    };
  }

  async create<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options: CreateOptions = {},
  ): Promise<T> {
    const target = creationPath(resource, object.metadata.namespace) + creationQuery(options);
    const body = identified(resource, object);
    return (await this.#send({ name: 'create', method: 'POST', resource, target, body }, options)) as T;
  }

  async replace<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options: CallOptions = {},
  ): Promise<T> {
    const target = objectPath(resource, object.metadata);
    const body = identified(resource, object);
    return (await this.#send({ name: 'replace', method: 'PUT', resource, target, body }, options)) as T;
  }

  async patch<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    body: unknown,
    options: PatchOptions,
  ): Promise<T> {
    const target = objectPath(resource, key) + subpath(options.subresource) + patchQuery(options);
    const contentType = PATCH_TYPES[options.type];
    const call = { name: 'patch', method: 'PATCH', resource, target, body, contentType } as const;
    return (await this.#send(call, options)) as T;
  }

  async delete(resource: Resource, key: ObjectKey, options: DeleteOptions = {}): Promise<void> {
    const { uid, resourceVersion } = options;
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid, resourceVersion } };
    const target = objectPath(resource, key);
    await this.#send({ name: 'delete', method: 'DELETE', resource, target, body }, options);
  }

  async *watch<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>, void> {
    const call = {
      name: 'watch',
      resource,
      method: 'GET',
      target: collectionPath(resource, options.namespace) + watchQuery(options),
      accept: options.metadataOnly ? PARTIAL : JSON_TYPE,
      isWatch: true,
    } as const;
    const what = describe(call);
    const stop = new AbortController();
    const onAbort = () => stop.abort(options.abort?.reason);
    options.abort?.throwIfAborted();
    options.abort?.addEventListener('abort', onAbort, { once: true });
    try {
      const response = await this.#exchange.timed(call, WATCH_START_MS, stop.signal, () =>
        this.#exchange.open(call, stop.signal),
      );
      for await (const line of lines(response.body, MAX_OBJECT_BYTES))
        yield decodeEvent(resource, what, line);
    } catch (error) {
      throw this.#exchange.failure(what, error, stop.signal);
    } finally {
      options.abort?.removeEventListener('abort', onAbort);
      stop.abort();
    }
  }

  async read(path: string, options: CallOptions = {}): Promise<unknown> {
    const call = { name: 'get', resource: SERVER, method: 'GET', target: path, accept: JSON_TYPE } as const;
    return (await this.#exchange.call(call, options)).value;
  }

  close(): Promise<void> {
    return this.#exchange.close();
  }

  async #send({ body, contentType = JSON_TYPE, ...call }: Write, options: CallOptions): Promise<unknown> {
    const text = JSON.stringify(body);
    return (await this.#exchange.call({ ...call, accept: JSON_TYPE, contentType, body: text }, options))
      .value;
  }
}

/** What is sent: `body` as it is before it becomes JSON. */
type Write = Omit<Call, 'accept' | 'body'> & { readonly body: unknown };

function subpath(subresource: string | undefined): string {
  return subresource === undefined ? '' : `/${subresource}`;
}

function decodeEvent<T extends KubeObject>(resource: Resource<T>, what: string, line: string): WatchEvent<T> {
  const event = JSON.parse(line) as WatchEvent<T> | { readonly type: 'ERROR'; readonly object: unknown };
  if (event.type === 'ERROR') throw failedWatch(what, event.object);
  return { type: event.type, object: identified(resource, event.object) };
}

/** Items of a list and PartialObjectMetadata do not say what they are; here every object does. */
function identified<T extends KubeObject>(resource: Resource<T>, object: T): T {
  const apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
  return { ...object, apiVersion, kind: resource.kind };
}
