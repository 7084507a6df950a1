import { ANNOTATIONS, LABELS, PROGRAM } from '../contract/names.ts';
import type { KubeApi, ObjectKey } from '../kubernetes/api.ts';
import { isNotFound } from '../kubernetes/errors.ts';
import type { Leadership } from '../kubernetes/leadership.ts';
import { CONFIG_MAPS, type ConfigMap, type KubeEvent } from '../kubernetes/resources.ts';

export interface Found {
  /** Undefined when the ConfigMap does not exist. */
  readonly object: ConfigMap | undefined;
  readonly data: Readonly<Record<string, string>>;
  /** The term of the leader who wrote it last; -1 when nobody of ours did. */
  readonly term: number;
}

/** The Lease went to another replica: whoever gets this stops at once. */
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

  async read(signal: AbortSignal): Promise<Found> {
    try {
      const object = await this.#api.get(CONFIG_MAPS, this.key, { signal });
      return this.#found(object);
    } catch (error) {
      if (isNotFound(error)) return { object: undefined, data: {}, term: -1 };
      throw error;
    }
  }

  /**
   * Makes sure that no later leader has been here. A higher term than ours is either a successor's, then this throws
   * DeposedError; or the Lease was deleted and started anew, then our term is raised above it.
   */
  async assertNotDeposed(found: Found, leadership: Leadership): Promise<void> {
    if (found.term > leadership.term && (await leadership.confirm(found.term)) === undefined) {
      throw new DeposedError(`another replica leads in term ${found.term}: this one stops writing`);
    }
    if (!leadership.isHeld()) throw new DeposedError('the Lease has run out: this replica stops writing');
  }

  /**
   * Puts `data` over what was found, keeping foreign keys, labels and annotations.
   * Throws KubeError: a conflict means that somebody wrote in between, read again then.
   */
  async write(found: Found, data: Readonly<Record<string, string>>, leadership: Leadership): Promise<Found> {
    await this.assertNotDeposed(found, leadership);
    const { signal } = leadership;
    const metadata = {
      ...found.object?.metadata,
      ...this.key,
      labels: { ...found.object?.metadata.labels, ...this.#labels },
      annotations: { ...found.object?.metadata.annotations, [ANNOTATIONS.term]: String(leadership.term) },
    };
    const wanted: ConfigMap = { ...found.object, metadata, data: { ...found.data, ...data } };
    const object =
      found.object === undefined
        ? await this.#api.create(CONFIG_MAPS, wanted, { signal })
        : await this.#api.replace(CONFIG_MAPS, wanted, { signal });
    return this.#found(object);
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

  #found(object: ConfigMap): Found {
    this.#uid = object.metadata.uid;
    return { object, data: object.data ?? {}, term: termOf(object) };
  }
}

export function termOf(object: ConfigMap): number {
  const text = object.metadata.annotations?.[ANNOTATIONS.term] ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : -1;
}
