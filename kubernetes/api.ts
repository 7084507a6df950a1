/**
 * The Kubernetes API as the project uses it: one port, implemented over HTTP by client.ts and by the simulation.
 * Every call has a time limit; every failure is a KubeError (errors.ts) or the reason of the caller's `abort`.
 */

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly managedFields?: readonly ManagedFields[];
}

/** Who owns which fields, for server-side apply. */
export interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly time?: string;
  /** Such as `f:spec`, and in it `f:selector`. */
  readonly fieldsV1?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
}

/** A kind of object; `T` is what the server returns for it. */
export interface Resource<T extends KubeObject = KubeObject> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Never set: it carries the type only. */
  readonly type?: T;
}

export interface ObjectKey {
  readonly name: string;
  /** Required for namespaced resources. */
  readonly namespace?: string;
}

export interface CallOptions {
  readonly abort?: AbortSignal;
  /** Milliseconds until the call fails with a retryable KubeError. Default 5000. */
  readonly timeoutMs?: number;
}

export interface CreateOptions extends CallOptions {
  /** Admission and validation as for real, but nothing is kept. */
  readonly dryRun?: boolean;
}

export interface ListOptions extends CallOptions {
  /** All namespaces when absent. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  /** The call fails as too large above this. */
  readonly maxBytes?: number;
  readonly continue?: string;
  /** Ask for PartialObjectMetadata: only apiVersion, kind and metadata come back. */
  readonly metadataOnly?: boolean;
}

export interface List<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
  /** Present when there is a further page. */
  readonly continue?: string;
  /** Of the answer, where that is known. */
  readonly bytes?: number;
}

export interface WatchOptions extends Omit<ListOptions, 'limit' | 'continue' | 'timeoutMs' | 'maxBytes'> {
  readonly resourceVersion: string;
  /** The server ends the watch after this long. */
  readonly timeoutSeconds: number;
}

/**
 * BOOKMARK carries an object with nothing but metadata.resourceVersion. An ERROR event of the server is not yielded:
 * the iteration throws it as KubeError, 410 included. The iteration ends when the server ends the watch.
 */
export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

export interface PatchOptions extends CallOptions, Pick<CreateOptions, 'dryRun'> {
  /**
   * merge: RFC 7386. json: RFC 6902. apply: server-side apply, needs `fieldManager`. strategic: a merge that knows the
   * keys of lists, such as the types of conditions; for built-in kinds only.
   */
  readonly type: 'merge' | 'json' | 'apply' | 'strategic';
  readonly subresource?: 'status';
  readonly fieldManager?: string;
  readonly force?: boolean;
}

export interface DeleteOptions extends CallOptions {
  /** Delete only this incarnation; 409 otherwise. */
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/** For DeleteOptions: this object as it was read, and no later one. */
export function versionOf({ metadata }: KubeObject): Pick<DeleteOptions, 'uid' | 'resourceVersion'> {
  const { uid, resourceVersion } = metadata;
  return { ...(uid !== undefined && { uid }), ...(resourceVersion !== undefined && { resourceVersion }) };
}

export interface KubeApi {
  /**
   * Aborts when etcd is found to be restored to an older copy: versions of before mean nothing then, and another one
   * stands here for the next time. Absent: nobody looks.
   */
  readonly restored?: AbortSignal | undefined;
  get<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, options?: GetOptions): Promise<T>;
  /** One page. */
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<List<T>>;
  watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
  create<T extends KubeObject>(resource: Resource<T>, object: T, options?: CreateOptions): Promise<T>;
  /** PUT; compare-and-set when the object carries a resourceVersion. */
  replace<T extends KubeObject>(resource: Resource<T>, object: T, options?: CallOptions): Promise<T>;
  patch<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    body: unknown,
    options: PatchOptions,
  ): Promise<T>;
  delete(resource: Resource, key: ObjectKey, options?: DeleteOptions): Promise<void>;
}

export interface GetOptions extends CallOptions {
  /** The call fails as too large above this. */
  readonly maxBytes?: number;
  readonly metadataOnly?: boolean;
  /** Of the object, such as `proxy/…` of a pod. */
  readonly subresource?: string;
}

/** The default of CallOptions.timeoutMs. */
export const CALL_TIMEOUT_MS = 5_000;
