import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { decodeStatus, type Status } from '../../contract/status.ts';
import { termOf } from '../../controller/status/fenced-config-map.ts';
import type { KubeApi, ObjectKey } from '../../kubernetes/api.ts';
import { isGone } from '../../kubernetes/errors.ts';
import { CONFIG_MAPS, type ConfigMap } from '../../kubernetes/resources.ts';
import { News } from './news.ts';

/** One version of a ConfigMap, as the API server told it. */
export interface Version {
  /** performance.now() when it was heard of. */
  readonly at: number;
  /** Undefined: it was deleted. */
  readonly object: ConfigMap | undefined;
  readonly data: Readonly<Record<string, string>>;
  /** Undefined unless the data is a status. */
  readonly status: Status | undefined;
  /** The term of the leader who wrote it; -1 when nobody of ours did. */
  readonly term: number;
}

const RETRY_MS = 100;

/**
 * Every version of one ConfigMap from now on. None is left out, unless the API server is restarted: it forgets those
 * of the time before.
 */
export class ConfigMapHistory {
  readonly versions: Version[] = [];
  readonly key: Required<ObjectKey>;
  readonly #api: KubeApi;
  readonly #stop = new AbortController();
  readonly #news = new News<Version>();

  private constructor(api: KubeApi, key: Required<ObjectKey>) {
    this.#api = api;
    this.key = key;
  }

  /** Resolves when it was read once. */
  static async start(api: KubeApi, key: Required<ObjectKey>): Promise<ConfigMapHistory> {
    const history = new ConfigMapHistory(api, key);
    const { items, resourceVersion } = await api.list(CONFIG_MAPS, history.#selection);
    for (const object of items) history.#add(object);
    void history.#follow(resourceVersion);
    return history;
  }

  get last(): Version | undefined {
    return this.versions.at(-1);
  }

  /** The newest version if it `matches`, else the first later one that does. */
  until(what: string, matches: (version: Version) => boolean, timeoutMs = 20_000): Promise<Version> {
    const look = (version: Version) => (matches(version) ? version : undefined);
    const inVain = () => {
      const last = this.versions.slice(-3).map(({ term, data }) => ({ term, ...data }));
      return `${what}. The last versions of ${this.key.name}: ${JSON.stringify(last)}`;
    };
    return this.#news.first(this.versions.slice(-1), look, { timeoutMs, inVain });
  }

  /** Deletes it. Resolves when it was seen to be gone, however soon it came back. */
  async delete(): Promise<void> {
    const gone = this.until('it is gone', ({ object }) => object === undefined);
    await Promise.all([gone, this.#api.delete(CONFIG_MAPS, this.key)]);
  }

  /** Applies a merge patch and gives what that made of it. Resolves when it was seen, however soon it changed again. */
  async edit(patch: object): Promise<ConfigMap> {
    const edited = await this.#api.patch(CONFIG_MAPS, this.key, patch, { type: 'merge' });
    const { resourceVersion } = edited.metadata;
    const isIt = ({ object }: Version) => object?.metadata.resourceVersion === resourceVersion;
    if (!this.versions.some(isIt)) await this.until('it was edited', isIt);
    return edited;
  }

  /** As `until`, for a status. */
  async untilStatus(what: string, matches: (status: Status) => boolean, timeoutMs?: number): Promise<Status> {
    const { status } = await this.until(
      what,
      (version) => version.status !== undefined && matches(version.status),
      timeoutMs,
    );
    return status as Status; // Just matched.
  }

  stop(): void {
    this.#stop.abort();
  }

  async #follow(from: string): Promise<void> {
    const { signal: abort } = this.#stop;
    for (let resourceVersion = from; !abort.aborted; ) {
      try {
        const options = { ...this.#selection, resourceVersion, timeoutSeconds: 300, abort };
        for await (const { type, object } of this.#api.watch(CONFIG_MAPS, options)) {
          resourceVersion = object.metadata.resourceVersion ?? resourceVersion;
          if (type !== 'BOOKMARK') this.#add(type === 'DELETED' ? undefined : object);
        }
      } catch (error) {
        if (abort.aborted) return;
        await delay(RETRY_MS); // The server is away: it goes on from the same version.
        if (isGone(error)) resourceVersion = (await this.#catchUp()) ?? resourceVersion;
      }
    }
  }

  /** The version to go on from; undefined when the server does not answer. */
  async #catchUp(): Promise<string | undefined> {
    try {
      const { items, resourceVersion } = await this.#api.list(CONFIG_MAPS, this.#selection);
      const versionOf = (object: ConfigMap | undefined) => object?.metadata.resourceVersion;
      if (versionOf(items[0]) !== versionOf(this.last?.object)) this.#add(items[0]);
      return resourceVersion;
    } catch {
      return undefined; // It is asked again: the watch fails as before.
    }
  }

  #add(object: ConfigMap | undefined): void {
    const data = object?.data ?? {};
    const term = object === undefined ? -1 : termOf(object);
    const version = { at: performance.now(), object, data, status: decodeStatus(object?.data), term };
    this.versions.push(version);
    this.#news.tell(version);
  }

  get #selection() {
    return { namespace: this.key.namespace, fieldSelector: `metadata.name=${this.key.name}` };
  }
}

/**
 * What must hold of the versions of a status, whoever crashed: the term of the writers and the epoch never go back,
 * and the site changes exactly when the epoch rises, by one.
 */
export function assertOneHistory(versions: readonly Version[]): void {
  const seen = versions.filter(({ object }) => object !== undefined);
  for (const [index, { status: now, term, data }] of seen.entries()) {
    const before = seen[index - 1];
    if (before?.status === undefined) continue;
    const shown = JSON.stringify([before.data, data]);
    assert.ok(now !== undefined, `a status became unreadable: ${shown}`);
    assert.ok(
      term >= before.term,
      `a leader that was deposed wrote: term ${before.term}, then ${term}: ${shown}`,
    );
    const step = now.epoch - before.status.epoch;
    const moved = now.activeSite !== before.status.activeSite;
    assert.equal(step, moved ? 1 : 0, `the epoch went by ${step}: ${shown}`);
  }
}
