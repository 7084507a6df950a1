import { backoff } from '../runtime/backoff.ts';
import { type Clock, type Random, sleep } from '../runtime/clock.ts';
import type { KubeApi, KubeObject, Resource, WatchEvent } from './api.ts';
import { isGone, KubeError, PUT_BACK } from './errors.ts';
import { listPages } from './pages.ts';
import { ReflectorStore } from './reflector-store.ts';
import { isBefore } from './versions.ts';
import { Watchdog } from './watchdog.ts';

export { keyOf } from './reflector-store.ts';

/**
 * list, watch: the API failed, or ended a watch at once; back-off is under way. expired: the server forgot the
 * version, a list follows. silent: a watch brought nothing for too long. handler: `keep` or `onChange` threw.
 */
export type ReflectorProblem = 'list' | 'watch' | 'expired' | 'silent' | 'handler';

/** `resource` is the plural, such as `pods`. */
export type OnReflectorProblem = (kind: ReflectorProblem, error: unknown, resource: string) => void;

export interface ReflectorOptions<T extends KubeObject, V> {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly resource: Resource<T>;
  /** All namespaces when absent. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly metadataOnly?: boolean;
  /** What is kept of an object: this is what fills the memory. */
  readonly transform: (object: T) => V;
  /**
   * Level-triggered: called when an object is new (`before` undefined), has another resourceVersion, or is gone
   * (`now` undefined). Also for the first list, before `synced` resolves. Must be quick: it delays the next event.
   */
  readonly onChange?: (key: string, now: V | undefined, before: V | undefined) => void;
  /** Versions have gone back: `onChange` gets everything again right after this, and what is gone as well. */
  readonly onRestored?: () => void;
  /** After each complete list; `missed` counts the changes that the watch before it should have shown. */
  readonly onList?: (list: { readonly size: number; readonly missed: number }) => void;
  readonly onProblem?: OnReflectorProblem;
  /** Milliseconds without any event or bookmark until a watch counts as dead. Bookmarks come about every minute. */
  readonly inactivityMs?: number;
}

/** What all watches of a process have in common. */
export type Watching = Required<
  Pick<ReflectorOptions<KubeObject, unknown>, 'api' | 'clock' | 'random' | 'onProblem'>
>;

const LIST_TIMEOUT_MS = 15_000;
const INACTIVITY_MS = 100_000;
const BACKOFF = { base: 800, max: 30_000 };
/** A watch that lived this long was healthy: the next begins without delay. This bounds how hot the loop can get. */
const HEALTHY_MS = 10_000;
const WATCH_SECONDS = { from: 240, to: 480 };
const RELIST_MS = { from: 5 * 60_000, to: 10 * 60_000 };
/** So many in a row that bring nothing: perhaps it is the version that the server cannot serve. */
const FAILED_WATCHES = 3;
/** Until a failed list that checks the watch is repeated; the watch continues meanwhile. */
const RELIST_RETRY_MS = 60_000;

/**
 * A local copy of the objects of one resource that follows the API server for as long as it runs,
 * whatever the server or the network do. Keys are `namespace/name`, or `name` for cluster-scoped resources.
 */
export class Reflector<T extends KubeObject, V> {
  /** Resolves after the first complete list. Never rejects: race it with a signal. */
  readonly synced: Promise<void>;
  readonly #options: ReflectorOptions<T, V>;
  readonly #store: ReflectorStore<T, V>;
  readonly #inactivityMs: number;
  readonly #markSynced: () => void;
  #isSynced = false;
  #contactAt = Number.NEGATIVE_INFINITY;
  /** The version to watch from; undefined when a list is needed first. */
  #version: string | undefined;
  /** The last version that there was. */
  #reached: string | undefined;
  #isRestored = false;
  /** As it was when the last list began. */
  #restored: AbortSignal | undefined;
  /** Watches in a row that brought nothing and failed. */
  #failedWatches = 0;
  #relistAt = 0;

  constructor(options: ReflectorOptions<T, V>) {
    this.#options = options;
    this.#inactivityMs = options.inactivityMs ?? INACTIVITY_MS;
    this.#store = new ReflectorStore(
      options.transform,
      (key, now, before) => options.onChange?.(key, now, before),
      (error) => this.#problem('handler', error),
    );
    const synced = Promise.withResolvers<void>();
    this.synced = synced.promise;
    this.#markSynced = synced.resolve;
  }

  /** Whether there was a complete list. */
  get isSynced(): boolean {
    return this.#isSynced;
  }

  get(key: string): V | undefined {
    return this.#store.get(key);
  }

  list(): IterableIterator<V> {
    return this.#store.values();
  }

  entries(): IterableIterator<readonly [key: string, value: V]> {
    return this.#store.entries();
  }

  get size(): number {
    return this.#store.size;
  }

  /** Milliseconds since the server was last heard of: a list, an event or a bookmark. Infinity before the first. */
  lastContact(): number {
    return this.#options.clock.elapsed() - this.#contactAt;
  }

  /** Follows until `abort` fires. Never rejects. */
  async run(abort: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    for (let attempt = 0; !abort.aborted; ) {
      const { healthy, failure } = await this.#follow(abort);
      if (healthy) attempt = 0;
      const asked = failure instanceof KubeError ? Math.min(failure.retryAfterMs ?? 0, BACKOFF.max) : 0;
      if (healthy && asked === 0) continue;
      await sleep(clock, Math.max(backoff(attempt, BACKOFF, random), asked), abort);
      attempt += 1;
    }
  }

  /** A list if one is due, then one watch to its end. */
  async #follow(abort: AbortSignal): Promise<{ healthy: boolean; failure?: unknown }> {
    const { api, clock } = this.#options;
    // Also when a list is due anyway: what it finds may have the versions that were known before.
    if (this.#reached !== undefined && this.#restored !== api.restored) {
      this.#version = undefined;
      this.#isRestored = true;
    }
    let watchedSince = Number.POSITIVE_INFINITY;
    const healthy = () => clock.elapsed() - watchedSince >= HEALTHY_MS;
    try {
      if (this.#version === undefined || clock.elapsed() >= this.#relistAt) await this.#list(abort);
      watchedSince = clock.elapsed();
      const endedByUs = await this.#watch(abort);
      if (endedByUs || healthy()) return { healthy: true };
      if (!abort.aborted) this.#problem('watch', new Error('the server ended the watch at once'));
      return { healthy: false };
    } catch (failure) {
      if (abort.aborted) return { healthy: false };
      if (isGone(failure)) this.#version = undefined;
      if (failure instanceof KubeError && failure.reason === PUT_BACK) this.#isRestored = true;
      const stage = Number.isFinite(watchedSince) ? 'watch' : 'list';
      this.#problem(isGone(failure) ? 'expired' : stage, failure);
      return { healthy: healthy(), failure };
    }
  }

  async #list(abort: AbortSignal): Promise<void> {
    const { api, clock, resource, onList, onRestored } = this.#options;
    this.#relistAt = clock.elapsed() + RELIST_RETRY_MS;
    this.#restored = api.restored;
    let replacement = this.#store.replacement(this.#isRestored);
    let version = '';
    const selection = { ...this.#selection(), timeoutMs: LIST_TIMEOUT_MS, abort };
    for await (const list of listPages(api, resource, selection)) {
      abort.throwIfAborted();
      if (version === '' && isBefore(list.resourceVersion, this.#reached)) {
        this.#isRestored = true;
        replacement = this.#store.replacement(true);
      }
      for (const object of list.items) replacement.add(object);
      version = list.resourceVersion;
    }
    if (!this.#isRestored && (replacement.wentBack || this.#restored !== api.restored)) {
      // Revisions have overtaken meanwhile what we had reached, or it was seen by this list or beside it.
      this.#isRestored = true;
      return this.#list(abort);
    }
    if (this.#isRestored) onRestored?.();
    const missed = replacement.commit(version, this.#isRestored ? undefined : this.#reached);
    this.#isRestored = false;
    this.#version = version;
    this.#reached = version;
    this.#contactAt = clock.elapsed();
    this.#relistAt = clock.elapsed() + this.#between(RELIST_MS);
    onList?.({ size: this.#store.size, missed });
    this.#isSynced = true;
    this.#markSynced();
  }

  /** Resolves to whether the end was our own decision. */
  async #watch(abort: AbortSignal): Promise<boolean> {
    const { api, clock, resource } = this.#options;
    const watchdog = new Watchdog(clock, this.#inactivityMs, this.#relistAt, abort);
    try {
      const events = api.watch<T>(resource, {
        ...this.#selection(),
        resourceVersion: this.#version ?? '',
        timeoutSeconds: Math.round(this.#between(WATCH_SECONDS)),
        abort: watchdog.abort,
      });
      for await (const event of events) {
        if (watchdog.abort.aborted) break;
        watchdog.feed();
        this.#contactAt = clock.elapsed();
        this.#failedWatches = 0;
        this.#apply(event);
      }
    } catch (error) {
      if (watchdog.endedFor === undefined) {
        this.#failedWatches += 1;
        if (this.#failedWatches >= FAILED_WATCHES) this.#version = undefined;
        throw error;
      }
    } finally {
      watchdog.stop();
    }
    if (watchdog.endedFor === 'silent') {
      const seconds = Math.round(this.#inactivityMs / 1_000);
      this.#problem('silent', new Error(`the watch brought nothing for ${seconds} s`));
      // Not even a bookmark: it may wait for a version that the server does not have any more.
      this.#version = undefined;
    }
    return watchdog.endedFor !== undefined;
  }

  #apply({ type, object }: WatchEvent<T>): void {
    if (type === 'DELETED') this.#store.delete(object);
    else if (type !== 'BOOKMARK') this.#store.set(object);
    this.#version = object.metadata.resourceVersion ?? this.#version;
    this.#reached = this.#version;
  }

  #problem(kind: ReflectorProblem, error: unknown): void {
    this.#options.onProblem?.(kind, error, this.#options.resource.plural);
  }

  #selection() {
    const { namespace, labelSelector, fieldSelector, metadataOnly } = this.#options;
    return {
      ...(namespace === undefined ? {} : { namespace }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      ...(metadataOnly === undefined ? {} : { metadataOnly }),
    };
  }

  #between({ from, to }: { from: number; to: number }): number {
    return from + this.#options.random() * (to - from);
  }
}
