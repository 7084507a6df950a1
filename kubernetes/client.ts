import type { Dispatcher } from 'undici';
import { type Clock, DeadlineError, withDeadline } from '../runtime/clock.ts';
import { type Answer, readAnswer, readBounded } from './answers.ts';
import {
  CALL_TIMEOUT_MS,
  type CallOptions,
  type CreateOptions,
  type DeleteOptions,
  type GetOptions,
  type KubeApi,
  type KubeObject,
  type List,
  type ListOptions,
  type ObjectKey,
  type PatchOptions,
  type Resource,
  type WatchEvent,
  type WatchOptions,
} from './api.ts';
import { Connection, type HttpCall } from './connection.ts';
import { KubeError } from './errors.ts';
import { failedAnswer, failedWatch, isReset, noAnswer } from './failures.ts';
import type { KubeConfig } from './kube-config.ts';
import { lines } from './lines.ts';
import { OneAtATime } from './one-at-a-time.ts';
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
import { PutBackGuard } from './put-back.ts';

/** One call, for metrics. A watch is told when it begins. Calls that the caller aborted are not told. */
export interface ApiCall {
  readonly method: keyof KubeApi;
  /** The plural, such as `configmaps`. */
  readonly resource: string;
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly ms: number;
}

export interface ConnectOptions {
  readonly kubeConfig: KubeConfig;
  readonly clock: Clock;
  readonly onCall?: (call: ApiCall) => void;
}

export interface KubeConnection extends KubeApi {
  /** Ends the calls still under way and every connection. */
  close(): Promise<void>;
}

/** Nothing is sent before the first call. */
export function connect(options: ConnectOptions): KubeConnection {
  const api = new HttpKubeApi(options);
  return Object.assign(new PutBackGuard(api), { close: () => api.close() });
}

const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const MAX_FAILURE_BYTES = 64 * 1024;
/** A list of more is read when no other one of that size is. Neither a Lease nor a status is as large. */
const LARGE_LIST_BYTES = 128 * 1024;
/** An API server that is just starting waits for its caches before it begins a watch. */
const WATCH_START_MS = 10_000;

const JSON_TYPE = 'application/json';
const PARTIAL = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const PARTIAL_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
const PATCH_TYPES = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
  strategic: 'application/strategic-merge-patch+json',
} as const;

interface Call extends HttpCall {
  readonly name: keyof KubeApi;
  readonly resource: Resource;
  readonly maxBytes?: number | undefined;
}

class HttpKubeApi implements KubeApi {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #onCall: (call: ApiCall) => void;
  /** Several that are read and parsed at once take their memory at once, and each page can be of megabytes. */
  readonly #largeLists = new OneAtATime();

  constructor({ kubeConfig, clock, onCall = () => undefined }: ConnectOptions) {
    this.#connection = new Connection(kubeConfig);
    this.#clock = clock;
    this.#onCall = onCall;
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
      target: objectPath(resource, key),
      accept: options.metadataOnly ? PARTIAL : JSON_TYPE,
      maxBytes: options.maxBytes,
    } as const;
    return identified(resource, (await this.#call(call, options)).value as T);
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
    const { value, bytes } = await this.#call(call, options);
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
    return (await this.#send('create', 'POST', resource, target, identified(resource, object), options)) as T;
  }

  async replace<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options: CallOptions = {},
  ): Promise<T> {
    const target = objectPath(resource, object.metadata);
    return (await this.#send('replace', 'PUT', resource, target, identified(resource, object), options)) as T;
  }

  async patch<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    body: unknown,
    options: PatchOptions,
  ): Promise<T> {
    const subresource = options.subresource === undefined ? '' : `/${options.subresource}`;
    const target = objectPath(resource, key) + subresource + patchQuery(options);
    return (await this.#send(
      'patch',
      'PATCH',
      resource,
      target,
      body,
      options,
      PATCH_TYPES[options.type],
    )) as T;
  }

  async delete(resource: Resource, key: ObjectKey, options: DeleteOptions = {}): Promise<void> {
    const { uid, resourceVersion } = options;
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid, resourceVersion } };
    await this.#send('delete', 'DELETE', resource, objectPath(resource, key), body, options);
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
    } as const;
    const what = describe(call);
    const stop = new AbortController();
    const onAbort = () => stop.abort(options.signal?.reason);
    options.signal?.throwIfAborted();
    options.signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const response = await this.#timed(call, WATCH_START_MS, stop.signal, () =>
        this.#open(call, stop.signal),
      );
      for await (const line of lines(response.body, MAX_OBJECT_BYTES))
        yield decodeEvent(resource, what, line);
    } catch (error) {
      throw this.#failure(what, error, stop.signal);
    } finally {
      options.signal?.removeEventListener('abort', onAbort);
      stop.abort();
    }
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  async #send(
    name: keyof KubeApi,
    method: HttpCall['method'],
    resource: Resource,
    target: string,
    body: unknown,
    options: CallOptions,
    contentType: string = JSON_TYPE,
  ): Promise<unknown> {
    const call = {
      name,
      resource,
      method,
      target,
      accept: JSON_TYPE,
      contentType,
      body: JSON.stringify(body),
    };
    return (await this.#call(call, options)).value;
  }

  #call(call: Call, { signal, timeoutMs = CALL_TIMEOUT_MS }: CallOptions): Promise<Answer> {
    return this.#timed(call, timeoutMs, signal, async (inner) => {
      try {
        return await this.#exchange(call, inner);
      } catch (error) {
        if (call.method !== 'GET' || !isReset(error) || inner.aborted) throw error;
        return await this.#exchange(call, inner);
      }
    });
  }

  async #timed<T>(
    call: Call,
    timeoutMs: number,
    signal: AbortSignal | undefined,
    run: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const what = describe(call);
    const started = this.#clock.elapsed();
    const told = (status: number) =>
      this.#onCall({
        method: call.name,
        resource: call.resource.plural,
        status,
        ms: this.#clock.elapsed() - started,
      });
    try {
      const result = await withDeadline(this.#clock, timeoutMs, signal, what, run);
      told(200);
      return result;
    } catch (error) {
      const failure = this.#failure(what, error, signal);
      if (failure instanceof KubeError) told(failure.status);
      throw failure;
    }
  }

  async #exchange(call: Call, signal: AbortSignal): Promise<Answer> {
    const response = await this.#open(call, signal);
    const [what, limit] = [describe(call), call.maxBytes ?? MAX_ANSWER_BYTES];
    if (call.name !== 'list') return readAnswer(what, response, limit);
    let leave = () => {};
    const enter = async () => {
      leave = await this.#largeLists.enter(signal);
    };
    try {
      return await readAnswer(what, response, limit, { above: LARGE_LIST_BYTES, enter });
    } finally {
      leave();
    }
  }

  /** The answer with its body unread; throws KubeError when it is not 2xx. */
  async #open(call: Call, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const response = await this.#connection.request(call, signal);
    if (response.statusCode >= 200 && response.statusCode < 300) return response;
    const what = describe(call);
    const body = await readBounded(what, response, MAX_FAILURE_BYTES);
    throw failedAnswer(what, response.statusCode, response.headers, body, this.#clock.now());
  }

  /** The caller's own abort stays what it is; everything else becomes a KubeError. */
  #failure(what: string, error: unknown, signal: AbortSignal | undefined): unknown {
    if (error instanceof KubeError) return error;
    if (signal?.aborted) return signal.reason;
    if (error instanceof DeadlineError) this.#connection.retire();
    return noAnswer(what, error);
  }
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

function describe(call: Call): string {
  return `${call.method} ${call.target.split('?', 1)[0]}`;
}
