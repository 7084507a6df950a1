import { ANNOTATIONS, LABELS, PROGRAM } from '../../contract/names.ts';
import { type KubeApi, type ObjectKey, versionOf } from '../../kubernetes/api.ts';
import { ignoreNotFound, isNotFound } from '../../kubernetes/errors.ts';
import { type Leadership, MAX_TERM } from '../../kubernetes/leadership.ts';
import { CONFIG_MAPS, type ConfigMap, type KubeEvent } from '../../kubernetes/resources.ts';

export interface StoredConfigMap {
  /** Undefined when the ConfigMap does not exist. */
  readonly object: ConfigMap | undefined;
  readonly data: Readonly<Record<string, string>>;
  /** The term of the leader who wrote it last; -1 when nobody of ours did. */
  readonly term: number;
}

/** The Lease went to another replica: the caller stops at once. */
export class DeposedError extends Error {
  override readonly name = 'DeposedError';
}

/**
 * A ConfigMap that only the leader of the highest term writes. Each write is a compare-and-set on what was read and
 * carries the writer's term. Whoever takes over writes its term first, so that a write which its predecessor still
 * has under way (or sends after a long stop) meets another resourceVersion and fails.
 */
export class FencedConfigMap {
  readonly key: Required<ObjectKey>;
  readonly #api: KubeApi;
  readonly #labels: Readonly<Record<string, string>>;
  #uid: string | undefined;

  constructor(api: KubeApi, key: Required<ObjectKey>, role: string, follower: string) {
    this.#api = api;
    this.key = key;
    this.#labels = { [LABELS.managedBy]: PROGRAM, [LABELS.role]: role, [LABELS.follower]: follower };
  }

  async read(abort: AbortSignal): Promise<StoredConfigMap> {
    try {
      const object = await this.#api.get(CONFIG_MAPS, this.key, { abort });
      return this.#found(object);
    } catch (error) {
      if (isNotFound(error)) return { object: undefined, data: {}, term: -1 };
      throw error;
    }
  }

  /**
   * Makes sure that no later leader has been here. A higher term than ours is either a successor's, then this throws
   * DeposedError; or the Lease was deleted and started again, then our term is raised above it, and this gives true.
   */
  async assertNotDeposed(found: StoredConfigMap, leadership: Leadership): Promise<boolean> {
    const isOfLaterTerm = found.term > leadership.term;
    if (isOfLaterTerm && (await leadership.confirm(found.term)) === undefined) {
      throw new DeposedError(`another replica leads in term ${found.term}: this one stops writing`);
    }
    if (!leadership.isLeader()) throw new DeposedError('the Lease has run out: this replica stops writing');
    return isOfLaterTerm;
  }

  /**
   * Puts `data` over what was found, keeping foreign keys, labels and annotations. `recreate` makes another object of
   * it, for readers who would not believe the old one any more; an immutable one is recreated as well.
   * Throws KubeError: a conflict means that somebody wrote in between, read again then.
   */
  async write(
    found: StoredConfigMap,
    data: Readonly<Record<string, string>>,
    leadership: Leadership,
    recreate = false,
  ): Promise<StoredConfigMap> {
    await this.assertNotDeposed(found, leadership);
    const { abort } = leadership;
    const existing: ConfigMap = found.object ?? { metadata: this.key };
    const { metadata: old, immutable = false, binaryData, ...rest } = existing;
    const marks = {
      ...this.key,
      labels: { ...old.labels, ...this.#labels },
      annotations: { ...old.annotations, [ANNOTATIONS.term]: String(leadership.term) },
    };
    const wanted: ConfigMap = {
      ...rest,
      metadata: marks,
      data: { ...found.data, ...data },
      ...(binaryData !== undefined && { binaryData: without(binaryData, data) }),
    };
    if (found.object !== undefined && !immutable && !recreate) {
      const replaced = { ...wanted, metadata: { ...old, ...marks } };
      return this.#found(await this.#api.replace(CONFIG_MAPS, replaced, { abort }));
    }
    if (found.object !== undefined) {
      const options = { ...versionOf(found.object), abort };
      await this.#api.delete(CONFIG_MAPS, this.key, options).catch(ignoreNotFound);
    }
    return this.#found(await this.#api.create(CONFIG_MAPS, wanted, { abort }));
  }

  /** For Events: `kubectl describe` shows those that name the object's UID. Absent until it was read or written. */
  get reference(): KubeEvent['regarding'] {
    return {
      apiVersion: CONFIG_MAPS.version,
      kind: CONFIG_MAPS.kind,
      ...this.key,
      ...(this.#uid !== undefined && { uid: this.#uid }),
    };
  }

  #found(object: ConfigMap): StoredConfigMap {
    this.#uid = object.metadata.uid;
    return { object, data: object.data ?? {}, term: termOf(object) };
  }
}

/** For a dry run: it is read, and whoever leads writes it. */
export class UnwrittenConfigMap extends FencedConfigMap {
  override assertNotDeposed(): Promise<boolean> {
    return Promise.resolve(false);
  }

  override write(found: StoredConfigMap): Promise<StoredConfigMap> {
    return Promise.resolve(found);
  }
}

/** -1 also for a term that no Lease can have: somebody wrote it by hand. */
export function termOf(object: ConfigMap): number {
  const text = object.metadata.annotations?.[ANNOTATIONS.term] ?? '';
  return /^\d{1,10}$/.test(text) && Number(text) <= MAX_TERM ? Number(text) : -1;
}

/** A key may stand only once, in `data` or in `binaryData`. */
function without<T>(
  record: Readonly<Record<string, T>>,
  keys: Readonly<Record<string, string>>,
): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !Object.hasOwn(keys, key)));
}
