import type {
  DeleteOptions,
  KubeObject,
  List,
  ListOptions,
  ObjectKey,
  PatchOptions,
  Resource,
  WatchEvent,
} from '../../kubernetes/api.ts';
import {
  type Change,
  changed,
  describe,
  lastState,
  metadataOf,
  path,
  refusal,
  STATUS_SUBRESOURCE,
  updated,
} from './api-objects.ts';
import { frozenCopy, mergeConditions, mergePatch, sameJson } from './json.ts';
import { ListPages } from './list-pages.ts';
import { type Selection, selectionOf } from './selection.ts';
import { invalidField } from './validation.ts';

export interface ApiServerOptions {
  /** Wall clock, milliseconds. */
  readonly now: () => number;
  readonly onChange: (change: Change) => void;
  /** Called with a use that the simulation does not know, before the call throws. */
  readonly onUnknown: (message: string) => void;
}

/** All objects, as of a revision. */
export interface Copy {
  readonly revision: number;
  readonly objects: ReadonlyMap<string, ReadonlyMap<string, KubeObject>>;
}

/**
 * The state of an API server in memory, with the rules that clients rely on: one revision for all objects,
 * compare-and-set, UIDs, generations, selectors, pages and watches from a revision that may be too old.
 * Everything here happens at once; what lies between it and a client is network.ts.
 */
export class ApiServer {
  #revision = 1;
  #compacted = 0;
  #uids = 0;
  readonly #options: ApiServerOptions;
  readonly #objects = new Map<string, Map<string, KubeObject>>();
  readonly #resources = new Map<string, Resource>();
  readonly #log: Change[] = [];
  readonly #subscribers = new Set<(change: Change) => void>();
  readonly #pages = new ListPages();

  constructor(options: ApiServerOptions) {
    this.#options = options;
  }

  get revision(): number {
    return this.#revision;
  }

  get<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, metadataOnly = false): T {
    const object = this.find(resource, key);
    if (object === undefined) throw refusal(404, 'NotFound', `${describe(resource, key)} not found`);
    return metadataOnly ? metadataOf(object) : object;
  }

  find<T extends KubeObject>(resource: Resource<T>, key: ObjectKey): T | undefined {
    return this.#collection(resource).get(path(key)) as T | undefined;
  }

  list<T extends KubeObject>(resource: Resource<T>, options: ListOptions): List<T> {
    if (options.continue !== undefined) return this.#pages.next<T>(options.continue, options.limit);
    const matches = selectionOf(options, (use) => this.#unknown(use));
    const items: KubeObject[] = [];
    for (const object of this.#collection(resource).values()) {
      if (!matches(object)) continue;
      // Items of a built-in list carry neither apiVersion nor kind.
      const {
        apiVersion: _,
        kind: __,
        ...item
      } = options.metadataOnly === true ? metadataOf(object) : object;
      items.push(Object.freeze(item));
    }
    items.sort((a, b) => (path(a.metadata) < path(b.metadata) ? -1 : 1));
    return this.#pages.first<T>(items, String(this.#revision), options.limit);
  }

  create<T extends KubeObject>(actor: string, resource: Resource<T>, object: T): T {
    const key = object.metadata;
    this.#checkKey(resource, key);
    if (object.metadata.resourceVersion !== undefined) {
      throw refusal(400, 'BadRequest', 'resourceVersion should not be set on objects to be created');
    }
    if (this.find(resource, key) !== undefined) {
      throw refusal(409, 'AlreadyExists', `${describe(resource, key)} already exists`);
    }
    const metadata = {
      ...object.metadata,
      uid: this.#newUid(),
      creationTimestamp: new Date(this.#options.now()).toISOString().replace(/\.\d+/, ''),
      generation: resource.plural === 'clusters' ? 1 : undefined,
    };
    const { status: _, ...rest } = object as T & { status?: unknown };
    const stored = STATUS_SUBRESOURCE.has(resource.plural) ? rest : object;
    return this.#store(actor, resource, undefined, { ...stored, metadata } as unknown as T);
  }

  replace<T extends KubeObject>(actor: string, resource: Resource<T>, object: T): T {
    const before = this.get(resource, object.metadata);
    const { resourceVersion, uid } = object.metadata;
    if (resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion) {
      throw changed(resource, object.metadata);
    }
    if (uid !== undefined && uid !== before.metadata.uid) throw changed(resource, object.metadata);
    return this.#update(actor, resource, before, object, 'main');
  }

  patch<T extends KubeObject>(
    actor: string,
    resource: Resource<T>,
    key: ObjectKey,
    body: unknown,
    options: PatchOptions,
  ): T {
    if (options.type !== 'merge' && options.type !== 'strategic')
      return this.#unknown(`${options.type} patch of ${describe(resource, key)}`);
    const before = this.get(resource, key);
    const wanted = (options.type === 'merge' ? mergePatch(before, body) : mergeConditions(before, body)) as T;
    const isSame = wanted.metadata.resourceVersion === before.metadata.resourceVersion;
    if (!isSame || wanted.metadata.uid !== before.metadata.uid) throw changed(resource, key);
    const part = options.subresource ?? 'main';
    if (options.dryRun) return updated(resource, before, wanted, part);
    return this.#update(actor, resource, before, wanted, part);
  }

  delete(actor: string, resource: Resource, key: ObjectKey, options: DeleteOptions): void {
    const { metadata } = this.get(resource, key);
    const { uid = metadata.uid, resourceVersion = metadata.resourceVersion } = options;
    if (uid !== metadata.uid || resourceVersion !== metadata.resourceVersion) throw changed(resource, key);
    const before = this.get(resource, key);
    this.#collection(resource).delete(path(key));
    this.#tell({ ...this.#change(actor, resource, key), before, after: undefined });
  }

  /**
   * Calls `push` for every change after `resourceVersion`, those of the past first. Throws 410 when it is too old.
   * An object that begins or ceases to match is pushed as added or deleted.
   */
  subscribe(
    resource: Resource,
    options: Selection & { resourceVersion: string },
    push: (event: WatchEvent<KubeObject>) => void,
  ): () => void {
    const since = Number(options.resourceVersion);
    if (!(since >= this.#compacted)) {
      throw refusal(
        410,
        'Expired',
        `too old resource version: ${options.resourceVersion} (${this.#compacted})`,
      );
    }
    const matches = selectionOf(options, (use) => this.#unknown(use));
    const onChange = (change: Change) => {
      if (change.resource.plural !== resource.plural || change.revision <= since) return;
      const was = change.before !== undefined && matches(change.before);
      const is = change.after !== undefined && matches(change.after);
      if (!was && !is) return;
      const type = is ? (was ? 'MODIFIED' : 'ADDED') : 'DELETED';
      const object = (is ? change.after : lastState(change)) as KubeObject;
      push({ type, object: options.metadataOnly === true ? metadataOf(object) : object });
    };
    this.#log.forEach(onChange);
    this.#subscribers.add(onChange);
    return () => this.#subscribers.delete(onChange);
  }

  /** What is stored now, for {@link restored}. */
  copy(): Copy {
    const objects = [...this.#objects].map(([plural, all]) => [plural, new Map(all)] as const);
    return { revision: this.#revision, objects: new Map(objects) };
  }

  /**
   * Everything is as it was, and revisions go on from there; but what runs in the cluster goes on as it is, and is written
   * anew by whoever runs it: of those that `stays` accepts the present ones are kept. Nobody sees a moment without them.
   */
  restored(actor: string, copy: Copy, stays: (resource: Resource, object: KubeObject) => boolean): void {
    const running = this.#running(stays);
    this.#objects.clear();
    for (const [plural, all] of copy.objects) this.#objects.set(plural, new Map(all));
    this.#revision = copy.revision;
    for (const { resource, object } of this.#running(stays))
      this.#collection(resource).delete(path(object.metadata));
    const changes = running.map(({ resource, object }) => this.#put(actor, resource, undefined, object));
    for (const change of changes) this.#tell(change);
    // API servers start again then, and know of nothing before.
    this.compact();
  }

  #running(stays: (resource: Resource, object: KubeObject) => boolean) {
    return [...this.#resources.values()].flatMap((resource) =>
      [...this.#collection(resource).values()]
        .filter((object) => stays(resource, object))
        .map((object) => ({ resource, object })),
    );
  }

  /** Forgets the past: older revisions and continue tokens answer 410. */
  compact(): void {
    this.#compacted = this.#revision;
    this.#log.length = 0;
    this.#pages.forget();
  }

  #update<T extends KubeObject>(
    actor: string,
    resource: Resource<T>,
    before: T,
    wanted: T,
    part: 'main' | 'status',
  ): T {
    const after = updated(resource, before, wanted, part);
    return sameJson(before, after) ? before : this.#store(actor, resource, before, after);
  }

  #store<T extends KubeObject>(actor: string, resource: Resource<T>, before: T | undefined, object: T): T {
    const change = this.#put(actor, resource, before, object);
    this.#tell(change);
    return change.after;
  }

  #put<T extends KubeObject>(
    actor: string,
    resource: Resource<T>,
    before: T | undefined,
    object: T,
  ): Change & { readonly after: T } {
    const problem = invalidField(resource, object);
    if (problem !== undefined)
      throw refusal(422, 'Invalid', `${describe(resource, object.metadata)}: ${problem}`);
    const apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
    const metadata = { ...object.metadata, resourceVersion: String(this.#revision + 1) };
    const after: T = frozenCopy({ ...object, apiVersion, kind: resource.kind, metadata });
    this.#collection(resource).set(path(after.metadata), after);
    return { ...this.#change(actor, resource, after.metadata), before, after };
  }

  #change(actor: string, resource: Resource, { name, namespace }: ObjectKey) {
    this.#revision += 1;
    const key = namespace === undefined ? { name } : { name, namespace };
    return { revision: this.#revision, actor, resource, key };
  }

  #tell(change: Change): void {
    this.#log.push(change);
    this.#options.onChange(change);
    for (const onChange of this.#subscribers) onChange(change);
  }

  #checkKey(resource: Resource, key: ObjectKey): void {
    if (resource.namespaced !== (key.namespace !== undefined)) {
      this.#unknown(`namespace of ${describe(resource, key)}`);
    }
    const { namespace } = key;
    if (namespace !== undefined && !this.#objects.get('namespaces')?.has(path({ name: namespace }))) {
      throw refusal(404, 'NotFound', `namespaces "${namespace}" not found`);
    }
  }

  /** Plurals are unique among the resources that are used here. */
  #collection(resource: Resource): Map<string, KubeObject> {
    const { plural } = resource;
    this.#resources.set(plural, resource);
    const known = this.#objects.get(plural);
    if (known !== undefined) return known;
    const collection = new Map<string, KubeObject>();
    this.#objects.set(plural, collection);
    return collection;
  }

  #newUid(): string {
    this.#uids += 1;
    return `00000000-0000-4000-8000-${String(this.#uids).padStart(12, '0')}`;
  }

  #unknown(use: string): never {
    this.#options.onUnknown(`the simulated API server does not know this: ${use}`);
    throw new Error(`the simulated API server does not know this: ${use}`);
  }
}
